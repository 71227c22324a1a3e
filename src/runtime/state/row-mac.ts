/** Authenticates rows that decide about trust. The database file is encrypted but not authenticated, so each such row carries a MAC. */
import { type Bytes, canonicalJson, equalBytes, utf8 } from '../../base/mod.ts'
import { hmacSha256 } from '../../crypto/mod.ts'
import { RowNotAuthentic } from '../errors.ts'

type Row = Record<string, unknown>
export type RowMac = {
  /** HMAC-SHA256 over the table's name and the JCS form of the row. */
  of(table: string, row: Row): Promise<Bytes>
  /** Refuses a row whose MAC is another one with `runtime.row_not_authentic`. */
  check(table: string, row: Row, mac: Bytes): Promise<void>
  /** The MAC of a row that still has that of the former key; `undefined` for one that has the current one's, or none of ours. */
  moved(table: string, row: Row, mac: Bytes): Promise<Bytes | undefined>
  /** Another key from now on (a copy is kept); what the one before authenticated still holds. */
  replace(key: Bytes): void
  /** No row has a MAC of the former key any more. */
  forgetFormer(): void
}

/** `former`: the key before it, while it is rotated. Both are kept as they are. */
export function rowMac(key: Bytes, former?: Bytes): RowMac {
  const keys = { current: key, former }
  const under = (by: Bytes, table: string, row: Row): Promise<Bytes> =>
    hmacSha256(by, utf8(canonicalJson([table, row])))
  const isFormer = async (table: string, row: Row, mac: Bytes): Promise<boolean> =>
    keys.former !== undefined && equalBytes(await under(keys.former, table, row), mac)
  return {
    of: (table, row) => under(keys.current, table, row),
    async check(table, row, mac) {
      if (equalBytes(await under(keys.current, table, row), mac) || (await isFormer(table, row, mac))) return
      throw new RowNotAuthentic(`a row of ${table} is not authentic`)
    },
    async moved(table, row, mac) {
      const current = await under(keys.current, table, row)
      return !equalBytes(current, mac) && (await isFormer(table, row, mac)) ? current : undefined
    },
    replace(next) {
      keys.former = keys.current
      keys.current = next.slice()
    },
    forgetFormer() {
      keys.former?.fill(0)
      keys.former = undefined
    },
  }
}
