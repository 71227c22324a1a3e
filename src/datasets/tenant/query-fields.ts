/** What a query may name, and the expression that each name stands for. No name of a request or a document gets into a statement. */
import type { DatasetField } from '../../wire/mod.ts'
import { QueryInvalid } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { SHAPES, UPLOAD_ATTRIBUTES } from '../shapes/shapes.ts'
import type { DatasetRow } from './dataset-rows.ts'

/** `ofImport`: it stands with the import that brought the record, `i`, and not with the record, `r`. */
export type QueryField = DatasetField & { expression: string; ofImport: boolean }

/** All that the upload said, whichever have a column of their own; a merge patch leaves out what is null. */
const ATTRIBUTES = `json_patch(i.attributes, json_object(${UPLOAD_ATTRIBUTES.map((name) => `'${name}', i."${name}"`).join(', ')}))`

/** What every record has besides its dataset's own fields, unless a document has a field of that name. */
const OF_IMPORT: readonly QueryField[] = [
  // By what a record is found again, for as long as none took its place.
  { name: '_record', type: 'number', expression: 'r.no', ofImport: false },
  { name: '_import', type: 'text', expression: 'i.id', ofImport: true },
  { name: '_line', type: 'number', expression: 'r.line', ofImport: false },
  {
    ...{ name: '_received_at', type: 'time', ofImport: true },
    expression: "strftime('%Y-%m-%dT%H:%M:%fZ', i.received_at_ms / 1000.0, 'unixepoch')",
  },
  { name: '_attributes', type: 'json', expression: ATTRIBUTES, ofImport: true },
]

export class QueryFields {
  readonly all: readonly QueryField[]
  readonly #byName: ReadonlyMap<string, QueryField>

  constructor({ shape, columns }: Pick<DatasetRow, 'shape' | 'columns'>) {
    const own = columns.map(({ name, type, column }): QueryField => {
      return { name, type, expression: `r.${column}`, ofImport: false }
    })
    const said = SHAPES[shape].attributes.map((name): QueryField => {
      const expression = name === 'run' ? 'coalesce(i.run, i.id)' : `i."${name}"`
      return { name, type: 'text', expression, ofImport: true }
    })
    const names = new Set(own.map(({ name }) => name))
    this.all = [...own, ...[...said, ...OF_IMPORT].filter(({ name }) => !names.has(name))]
    this.#byName = new Map(this.all.map((field) => [field.name, field]))
  }

  /** Refuses `query.invalid`. */
  named(name: string): QueryField {
    const field = this.#byName.get(name)
    if (!field) throw new QueryInvalid(`the dataset has no field ${quoted(name)}`)
    return field
  }
}
