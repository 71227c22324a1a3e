/** Reads a Parquet file by a reader that is not ours. */
import { parquetMetadata, parquetReadObjects } from 'hyparquet'

export type ReadParquet = { rows: Record<string, unknown>[]; groups: number[]; columns: Record<string, string> }

export async function readParquet(bytes: Uint8Array): Promise<ReadParquet> {
  const file = bytes.slice().buffer
  const { schema, row_groups: groups, num_rows: count } = parquetMetadata(file)
  const rows: Record<string, unknown>[] = await parquetReadObjects({ file })
  if (BigInt(rows.length) !== count) throw new Error(`the file says it has ${count} rows, and has ${rows.length}`)
  return {
    rows,
    groups: groups.map(({ num_rows: own }) => Number(own)),
    columns: Object.fromEntries(
      schema.slice(1).map(({ name, type, converted_type }) => [name, converted_type ?? `${type}`]),
    ),
  }
}
