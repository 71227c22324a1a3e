/** What the demo's flow must make of its input: computed here a second time, without the pipeline, from the blueprint's words alone. */
import { canonicalJson } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { InputRow } from './dataset.ts'

/** A row as it must stand in the table and in the file; absent values are left out. */
export function expectedRow({ rowId, dataset, fields }: InputRow): Record<string, string | number> {
  const { name = '', city = '', state = '', iata = '', zip_code: zipCode = '' } = fields
  const place = { row_id: rowId, state, latitude: Number(fields['latitude']), longitude: Number(fields['longitude']) }
  if (dataset === 'airports') return { ...place, kind: 'airport', code: iata, name: `${name}, ${city}` }
  return { ...place, kind: 'post code', code: zipCode, name: city, region: Math.trunc(Number(zipCode) / 10_000) }
}

/** A hash over rows as JCS lines, in the order they come. */
export type RowHash = { add(row: Record<string, unknown>): void; digestHex(): string }

export function createRowHash(): RowHash {
  const hash = createSha256()
  const encoder = new TextEncoder()
  return {
    add(row) {
      const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
      hash.update(encoder.encode(`${canonicalJson(present)}\n`))
    },
    digestHex: () => hash.digestHex(),
  }
}
