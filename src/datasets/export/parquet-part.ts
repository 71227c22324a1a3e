/**
 * Records as one row group of a Parquet file (https://parquet.apache.org/docs/file-format/), and what the file's end will say of it,
 * already in the bytes of Thrift's compact protocol: so whoever puts the file together keeps some hundred bytes of each and no objects.
 */
import type { SchemaElement } from 'hyparquet-writer'
import { base64url } from '../../base/mod.ts'
import type { DatasetField, ExportPart, FieldType } from '../../wire/mod.ts'

/** A Parquet file's first bytes, and its last. */
const MAGIC_BYTES = 4
/** `FileMetaData.version` of files with data pages of the second form. */
const FORMAT_VERSION = 2
/** What does not have the type of its column, as an object in JSON: nothing is lost of a record. */
const UNFIT = '_unfit'

/** Numbers of parquet.thrift: of physical types, of converted types, and of `OPTIONAL`, `SNAPPY` and encodings. */
const PHYSICAL = { BOOLEAN: 0, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const
const CONVERTED = { UTF8: 0, TIMESTAMP_MILLIS: 9, JSON: 19 } as const
const OPTIONAL = 1
const SNAPPY = 1
const ENCODINGS: Readonly<Record<string, number>> = { PLAIN: 0, RLE: 3, RLE_DICTIONARY: 8 }

type Column = { type: keyof typeof PHYSICAL; converted_type?: keyof typeof CONVERTED }
const COLUMNS: Readonly<Record<FieldType, Column>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
}

/** `offset`: where in the file it will begin. The first part says what the columns are. */
export async function parquetPart(
  columns: readonly DatasetField[],
  rows: readonly (readonly unknown[])[],
  { offset, isFirst }: { offset: number; isFirst: boolean },
): Promise<Pick<ExportPart, 'content' | 'group' | 'schema'>> {
  // Loaded with the first export in this form.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  const { serializeTCompactProtocol } = await import('hyparquet-writer/src/thrift.js')
  const thrift = (struct: Parameters<typeof serializeTCompactProtocol>[1]): Uint8Array => {
    const bytes = new ByteWriter()
    serializeTCompactProtocol(bytes, struct)
    return bytes.getBytes()
  }
  const elements = schemaOf(columns)
  // Without the byte that ends a struct: more of it follows.
  const schema = isFirst && { schema: base64url(thrift(headOf(elements)).slice(0, -1)) }
  if (rows.length === 0) return { content: '', ...schema }
  const file = new ByteWriter()
  file.offset = offset - MAGIC_BYTES
  const writer = new ParquetWriter({ writer: file, schema: elements, statistics: false })
  const names = elements.slice(1).map(({ name }) => name)
  const columnData = columnsOf(columns, rows).map((data, at) => ({ name: names[at] ?? '', data, offsetIndex: false }))
  await writer.write({ columnData, rowGroupSize: rows.length })
  const [group] = writer.row_groups
  return {
    content: base64url(file.getBytes().slice(MAGIC_BYTES)),
    ...(group && { group: base64url(thrift(groupOf(group))) }),
    ...schema,
  }
}

function schemaOf(columns: readonly DatasetField[]): SchemaElement[] {
  let unfit = UNFIT
  while (columns.some(({ name }) => name === unfit)) unfit = `_${unfit}`
  const all = [...columns, { name: unfit, type: 'json' as const }]
  return [
    { name: 'records', num_children: all.length },
    ...all.map(({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...COLUMNS[type] })),
  ]
}

/** The values of each column, then those that are not of their column's type. */
function columnsOf(columns: readonly DatasetField[], rows: readonly (readonly unknown[])[]): unknown[][] {
  const unfit: (Record<string, unknown> | null)[] = rows.map(() => null)
  const values = columns.map(({ name, type }, at) =>
    rows.map((row, number) => {
      const value = row[at] ?? null
      if (value === null) return null
      const typed = typedValue(value, type)
      if (typed === undefined) unfit[number] = Object.assign(unfit[number] ?? {}, { [name]: value })
      return typed ?? null
    }),
  )
  return [...values, unfit]
}

/** `undefined`: it is not of that type. */
function typedValue(value: unknown, type: FieldType): unknown {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? value : String(value)
    case 'json':
      return value
    case 'time': {
      const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
      return Number.isNaN(at) ? undefined : new Date(at)
    }
    default:
      return typeof value === type ? value : undefined
  }
}

type Thrift = { [field: `field_${number}`]: unknown }

/** `FileMetaData` as far as it is known before there are records. */
function headOf(elements: readonly SchemaElement[]): Thrift {
  const element = ({ name, type, num_children, converted_type }: SchemaElement): Thrift => ({
    field_1: type && PHYSICAL[type as Column['type']],
    field_3: type && OPTIONAL,
    field_4: name,
    field_5: num_children,
    field_6: converted_type && CONVERTED[converted_type as keyof typeof CONVERTED],
  })
  return { field_1: FORMAT_VERSION, field_2: elements.map(element) }
}

type RowGroup = InstanceType<typeof import('hyparquet-writer').ParquetWriter>['row_groups'][number]

/** `RowGroup`, `ColumnChunk` and `ColumnMetaData`. */
function groupOf({ columns, total_byte_size, num_rows }: RowGroup): Thrift {
  const chunk = ({ file_offset, meta_data }: RowGroup['columns'][number]): Thrift => ({
    field_2: file_offset,
    field_3: meta_data && {
      field_1: PHYSICAL[meta_data.type as Column['type']],
      field_2: meta_data.encodings.map((name) => ENCODINGS[name]),
      field_3: meta_data.path_in_schema,
      field_4: SNAPPY,
      field_5: meta_data.num_values,
      field_6: meta_data.total_uncompressed_size,
      field_7: meta_data.total_compressed_size,
      field_9: meta_data.data_page_offset,
      field_11: meta_data.dictionary_page_offset,
    },
  })
  return { field_1: columns.map(chunk), field_2: total_byte_size, field_3: num_rows }
}
