/** The records of any CSV file: one column a field, called as its header calls it. */
import { type CsvColumns, type CsvHeader, readCsvTable } from './csv.ts'
import type { CsvHints } from './csv-dialect.ts'
import { DocumentPartTooLarge } from './errors.ts'
import { type Item, quoted, warningItem } from './item.ts'

/** Characters of a column's name. */
const NAME_CHARS_MAX = 256

/**
 * The items of a CSV file in UTF-8. A column without a name, or with one that another has, gets one of its own, with a warning.
 * Fails as `readCsvTable` does.
 */
export function readCsv(bytes: AsyncIterable<Uint8Array>, hints?: CsvHints): AsyncGenerator<Item[]> {
  return readCsvTable(bytes, hints, columnsOf)
}

function columnsOf({ names, line, width }: CsvHeader): CsvColumns {
  if (!names) {
    const columns = Array.from({ length: width }, (_, i) => `column_${i + 1}`)
    const reason =
      'the first row looks like those below it and was read as data; send `header=present` if it is a header'
    return { columns, warnings: [warningItem(line, reason)] }
  }
  const taken = new Set(names)
  const seen = new Set<string>()
  const warnings: Item[] = []
  const columns = names.map((name, i) => {
    if (name.length > NAME_CHARS_MAX)
      throw new DocumentPartTooLarge(line, `a column's name of more than ${NAME_CHARS_MAX} characters: ${quoted(name)}`)
    const good = name !== '' && name !== '__proto__' && !seen.has(name)
    const column = good ? name : freeName(name === '' || name === '__proto__' ? `column_${i + 1}` : name, taken)
    if (!good) warnings.push(warningItem(line, `column ${i + 1}, ${quoted(name)}, is read as ${quoted(column)}`))
    seen.add(column)
    taken.add(column)
    return column
  })
  return { columns, warnings }
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  for (let n = 2; ; n++) if (!taken.has(`${wanted}_${n}`)) return `${wanted}_${n}`
}
