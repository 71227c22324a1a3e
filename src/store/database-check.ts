/** Whether a database file is sound, without a schema: by its key and libSQL's own check of all pages and indexes. */
import type { Bytes } from '../base/mod.ts'
import { openClient } from './database.ts'
import { StoreDamaged } from './errors.ts'
import { translateStoreError } from './translate.ts'

/** Refuses `store.wrong_key`, `store.damaged`. Blocks the loop as long as it takes (≈ 5 ms a MiB). */
export async function checkDatabase(path: string, key: Bytes): Promise<void> {
  const client = openClient(path, key)
  try {
    const [verdict] = (await client.execute('PRAGMA integrity_check(1)')).rows
    if (verdict?.[0] !== 'ok') throw new StoreDamaged(`the database ${path} is not sound`)
  } catch (error) {
    throw translateStoreError(error)
  } finally {
    client.close()
  }
}
