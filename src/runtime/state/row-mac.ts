/** Authenticates rows that decide about trust. The database file is encrypted but not authenticated, so each such row carries a MAC. */
import { type Bytes, canonicalJson, equalBytes, utf8 } from '../../base/mod.ts'
import { hmacSha256 } from '../../crypto/mod.ts'
import { RowNotAuthentic } from '../errors.ts'

export type RowMac = {
  /** HMAC-SHA256 over the table's name and the JCS form of the row. */
  of(table: string, row: Record<string, unknown>): Promise<Bytes>
  /** Refuses a row whose MAC is another one with `runtime.row_not_authentic`. */
  check(table: string, row: Record<string, unknown>, mac: Bytes): Promise<void>
}

export function rowMac(key: Bytes): RowMac {
  async function of(table: string, row: Record<string, unknown>): Promise<Bytes> {
    return hmacSha256(key, utf8(canonicalJson([table, row])))
  }
  return {
    of,
    async check(table, row, mac) {
      if (!equalBytes(await of(table, row), mac)) throw new RowNotAuthentic(`a row of ${table} is not authentic`)
    },
  }
}
