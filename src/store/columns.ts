/** Column types that SQLite does not have by itself. */
import { customType } from 'drizzle-orm/sqlite-core'
import type { Bytes } from '../base/mod.ts'

/** A BLOB that is `Bytes` in code. The driver hands out buffers that may share memory, so what is read is a copy. */
export const bytes = customType<{ data: Bytes; driverData: Uint8Array }>({
  dataType: () => 'blob',
  fromDriver: (value) => new Uint8Array(value),
})
