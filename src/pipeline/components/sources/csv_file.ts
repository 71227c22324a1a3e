/** Rows of CSV files (RFC 4180). Rows that nothing looks at stay bytes; a row that does not parse is refused by whoever decodes it. */
import * as v from 'valibot'
import { AppError, ownValue } from '../../../base/mod.ts'
import { recordOf } from '../../../wire/mod.ts'
import { BATCH_RECORDS_MAX } from '../../batch.ts'
import { defineSource } from '../../component.ts'
import { splitCsvRecord } from '../../csv-decode.ts'
import { type CsvScanOptions, isDelimiter, scanCsv } from '../../csv-scan.ts'
import type { EncodedCsv } from '../../encoded.ts'
import type { FieldType } from '../../fields.ts'
import { type FileFormat, openFileSource } from '../../file-source.ts'
import type { RecordReader } from '../../record-reader.ts'
import { textOf } from '../../value.ts'

/** Columns of one file. */
export const COLUMNS_MAX = 2_000

/** A path of the config matches no file; `item` is that path. */
class CsvFileMissing extends AppError {
  override readonly code = 'csv_file.file_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Check `paths` of the component, and that the file is on the Runtime that the component runs on.'
  readonly item: string
  constructor(item: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.item = item
  }
}

/** The paths match more files than one source keeps the positions of: 65,536; `item` is the one that is too much. */
class CsvFileTooMany extends AppError {
  override readonly code = 'csv_file.too_many_files' as const
  override readonly advice = 'Share the files among several components, or move away those that were read.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** The first record names no columns, or the same one twice, or not one that the config gives a type to. */
class CsvHeaderInvalid extends AppError {
  override readonly code = 'csv_file.header_invalid' as const
  override readonly advice =
    'Compare the first line of the file with `columns` of the component; `header: false` and `names` are for files without one.'
}

const ColumnName = v.pipe(v.string(), v.minLength(1), v.maxLength(128), v.notValue('__proto__'))

const CsvFileConfig = v.pipe(
  v.strictObject({
    paths: v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(4_096))),
      v.minLength(1),
      v.maxLength(256),
      v.description('Files to read, in this order; `*`, `?` and `**` match many, in alphabetical order.'),
    ),
    columns: v.pipe(
      v.optional(recordOf(ColumnName, v.picklist(['string', 'double', 'int', 'bool'])), {}),
      v.description(
        'Types of columns: `double`, `int` (up to 2^53), `bool` or `string`. Columns not named are strings. Empty fields of the other types are null.',
      ),
    ),
    header: v.pipe(
      v.optional(v.boolean(), true),
      v.description('Whether the first record of each file names the columns.'),
    ),
    names: v.pipe(
      v.optional(v.pipe(v.array(ColumnName), v.minLength(1), v.maxLength(COLUMNS_MAX))),
      v.description('Names of the columns, for files without a header.'),
    ),
    delimiter: v.pipe(
      v.optional(
        v.pipe(v.string(), v.check(isDelimiter, 'expected one ASCII character, not a quote or line end')),
        ',',
      ),
      v.description('The character between fields.'),
    ),
  }),
  v.check((config) => config.header !== (config.names !== undefined), 'either `header: true` or `names`'),
)
type CsvFileConfig = v.InferOutput<typeof CsvFileConfig>

/** The source type `csv_file`. A row that does not parse is refused as `csv.row_ragged`, `csv.not_double` …, with its line. */
export const csvFileSource = defineSource({
  type: 'csv_file',
  summary: 'Reads rows from CSV files.',
  config: CsvFileConfig,
  example: { paths: ['/data/in/*.csv'], columns: { price: 'double', quantity: 'double' } },
  touches: (config) => ({ paths: config.paths }),
  fields(config) {
    const named = Object.fromEntries((config.names ?? []).map((name): [string, FieldType] => [name, 'string']))
    return { types: { ...named, ...config.columns }, complete: config.names !== undefined }
  },
  open: (config, context) =>
    openFileSource({
      paths: config.paths,
      context,
      begin: (reader, path) => begin(config, reader, path),
      errors: { Missing: CsvFileMissing, TooMany: CsvFileTooMany },
      overlongCode: 'csv_file.row_too_long',
    }),
})

async function begin(config: CsvFileConfig, reader: RecordReader, path: string): Promise<FileFormat> {
  const delimiter = config.delimiter.charCodeAt(0)
  const columns = config.names ?? (await readHeader(config, reader, path))
  const missing = Object.keys(config.columns).find((column) => !columns.includes(column))
  if (columns.length > 0 && missing !== undefined) throw new CsvHeaderInvalid(`${path} has no column ${missing}`)
  const types = columns.map((column) => ownValue(config.columns, column) ?? 'string')
  const options: CsvScanOptions = { delimiter, blankIsRecord: columns.length === 1, recordsMax: BATCH_RECORDS_MAX }
  return {
    scan: (bytes, final) => scanCsv(bytes, final, options),
    encode: (gathered): EncodedCsv => ({ ...gathered, format: 'csv', columns, types, delimiter: config.delimiter }),
  }
}

/** The names in the first record. An empty file has none, and no rows either. */
async function readHeader(config: CsvFileConfig, reader: RecordReader, path: string): Promise<string[]> {
  const options = { delimiter: config.delimiter.charCodeAt(0), blankIsRecord: false, recordsMax: 1 }
  const chunk = await reader.next((bytes, final) => scanCsv(bytes, final, options))
  if (!chunk) return []
  if ('overlong' in chunk) throw new CsvHeaderInvalid(`the first record of ${path} is too long to be a header`)
  const text = textOf(chunk.buffer.subarray(chunk.spans.starts[0], chunk.spans.ends[0]))
  const names = text === undefined ? undefined : splitCsvRecord(text, config.delimiter)
  if (!names) throw new CsvHeaderInvalid(`the first record of ${path} does not parse`)
  const good = names.every((name) => name !== '' && name !== '__proto__') && new Set(names).size === names.length
  if (!good || names.length > COLUMNS_MAX)
    throw new CsvHeaderInvalid(`the first record of ${path} does not name each column once`)
  return names
}
