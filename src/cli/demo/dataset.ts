/** The demo's data set: CSV files of the npm package vega-datasets (US airports, US post codes), repeated up to the rows asked for. */
import { parse } from 'csv-parse/sync'
import airportsCsv from '../../../node_modules/vega-datasets/data/airports.csv' with { type: 'text' }
import zipCodesCsv from '../../../node_modules/vega-datasets/data/zipcodes.csv' with { type: 'text' }
import { type AppendFile, makePrivateFolder, openAppend } from '../../host/mod.ts'

/** The two data sets, in the order in which copies are made. */
export const DATASETS = [
  { name: 'airports', text: airportsCsv },
  { name: 'zip_codes', text: zipCodesCsv },
] as const
export type DatasetName = (typeof DATASETS)[number]['name']

/** One row as it stands in an input file, and what the flow must make of it. */
export type InputRow = { rowId: string; dataset: DatasetName; fields: Record<string, string> }

/** A row put in on purpose; `fate` says which part of the flow must refuse it. */
export type PlantedRow = {
  dataset: DatasetName
  fields: Record<string, string>
  fate: 'delivered' | 'refused'
}

type Parsed = { header: string; lines: string[]; rows: Record<string, string>[] }

function parseDataset(text: string): Parsed {
  const options = { columns: true, raw: true, skip_empty_lines: true }
  const parsed = parse(text, options) as unknown as { record: Record<string, string>; raw: string }[]
  const header = text.slice(0, text.indexOf('\n')).trim()
  return { header, lines: parsed.map(({ raw }) => raw.trimEnd()), rows: parsed.map(({ record }) => record) }
}

/** The copy that planted rows stand in. */
const PLANTED_COPY = 9_999

/** `0001-airports-000002`: copy, file and line, so that ids sort in the order in which rows are written. */
function rowIdOf(copy: number, dataset: string, line: number): string {
  return `${String(copy).padStart(4, '0')}-${dataset}-${String(line).padStart(6, '0')}`
}

function csvLine(header: string, fields: Record<string, string>): string {
  const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return header
    .split(',')
    .map((column) => quote(fields[column] ?? ''))
    .join(',')
}

/** Bytes that go to a file at a time. Rows pass through this one buffer, so that a million of them take no more room than ten. */
const BLOCK_BYTES = 262_144
/** Longer than any line of the two data sets, planted rows included. */
const LINE_BYTES_MAX = 4_096

/** Writes lines to a file, block by block. The buffer is the caller's, and reused from file to file. */
class LineWriter implements AsyncDisposable {
  readonly #file: AppendFile
  readonly #block: Buffer<ArrayBuffer>
  #used = 0

  constructor(file: AppendFile, block: Buffer<ArrayBuffer>) {
    this.#file = file
    this.#block = block
  }

  async line(text: string): Promise<void> {
    if (this.#used + LINE_BYTES_MAX > this.#block.length) await this.#flush()
    this.#used += this.#block.write(`${text}\n`, this.#used)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flush()
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    await this.#file.append([this.#block.subarray(0, this.#used)])
    this.#used = 0
  }
}

type EachRow = (row: InputRow, planted: PlantedRow | undefined) => void

/**
 * Writes `in/<data set>/<copy>.csv` below `folder` until there are `records` rows (when it is not given, those of one copy and the
 * planted ones), the planted rows last; hands every row to `each` in the order of their ids. Returns the number of rows.
 */
export async function writeDataset(
  folder: string,
  options: { records: number | undefined; planted: readonly PlantedRow[] },
  each: EachRow,
): Promise<number> {
  const parsed = DATASETS.map(({ name, text }) => ({ name, ...parseDataset(text) }))
  const once = parsed.reduce((sum, { lines }) => sum + lines.length, 0)
  const wanted = options.records === undefined ? once : Math.max(0, options.records - options.planted.length)
  const block = Buffer.alloc(BLOCK_BYTES)
  const fileOf = async (name: DatasetName, copy: number): Promise<LineWriter> =>
    new LineWriter(await openAppend(`${folder}/in/${name}/${String(copy).padStart(4, '0')}.csv`), block)
  for (const { name } of parsed) await makePrivateFolder(`${folder}/in/${name}`)
  let written = 0
  for (let copy = 1; written < wanted; copy++) {
    for (const dataset of parsed) {
      const count = Math.min(dataset.lines.length, wanted - written)
      if (count === 0) continue
      await using file = await fileOf(dataset.name, copy)
      await writeCopy(file, dataset, { copy, count }, each)
      written += count
    }
  }
  for (const { name, header } of parsed) {
    const planted = options.planted.filter(({ dataset }) => dataset === name)
    if (planted.length === 0) continue
    await using file = await fileOf(name, PLANTED_COPY)
    await writePlanted(file, header, planted, each)
    written += planted.length
  }
  return written
}

async function writeCopy(
  file: LineWriter,
  { name, header, lines, rows }: Parsed & { name: DatasetName },
  { copy, count }: { copy: number; count: number },
  each: EachRow,
): Promise<void> {
  await file.line(`row_id,${header}`)
  for (let i = 0; i < count; i++) {
    const rowId = rowIdOf(copy, name, i + 2)
    await file.line(`${rowId},${lines[i]}`)
    each({ rowId, dataset: name, fields: rows[i] ?? {} }, undefined)
  }
}

async function writePlanted(
  file: LineWriter,
  header: string,
  planted: readonly PlantedRow[],
  each: EachRow,
): Promise<void> {
  await file.line(`row_id,${header}`)
  for (const [i, row] of planted.entries()) {
    const rowId = rowIdOf(PLANTED_COPY, row.dataset, i + 2)
    await file.line(`${rowId},${csvLine(header, row.fields)}`)
    each({ rowId, dataset: row.dataset, fields: row.fields }, row)
  }
}
