/**
 * What a query may name, and the expression that each name stands for. No name of a request or a document gets into a statement, and no
 * restricted column into one of somebody who is not cleared: there it stands for NULL, and nothing can be asked by it.
 */
import type { Clearance, FieldClass, QueriedField } from '../../wire/mod.ts'
import { classOf } from '../classes/field-classes.ts'
import { FieldRestricted, QueryInvalid } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { besideOurs } from '../shapes/our-fields.ts'
import { saidFields, UPLOAD_ATTRIBUTES } from '../shapes/shapes.ts'
import type { DatasetRow } from './dataset-rows.ts'

/** `ofImport`: it stands with the import that brought the record, `i`, and not with the record, `r`. */
export type QueryField = QueriedField & { expression: string; ofImport: boolean }

/** All that the upload said, whichever have a column of their own; a merge patch leaves out what is null. */
const ATTRIBUTES = `json_patch(i.attributes, json_object(${UPLOAD_ATTRIBUTES.map((name) => `'${name}', i."${name}"`).join(', ')}))`

/** What every record has besides its dataset's own fields, by the names that are ours. */
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

/** Those of ours that say nothing of what is in a document. */
const OPEN_OF_IMPORT: ReadonlySet<string> = new Set(['_record', '_import', '_line', '_received_at'])

/** The fields of a dataset as one who is cleared that far may ask for them. */
export class QueryFields {
  readonly all: readonly QueryField[]
  readonly #byName: ReadonlyMap<string, QueryField>

  constructor(dataset: Pick<DatasetRow, 'shape' | 'columns' | 'labels'>, clearance: Clearance) {
    const names = new Set(dataset.columns.map(({ name }) => name))
    const given = besideOurs([...names])
    const own = dataset.columns.map(({ name, type, column }, at): QueryField => {
      const field = { name: given[at] ?? name, type, expression: `r.${column}`, ofImport: false }
      return sees(clearance, classOf(dataset, name)) ? field : masked(field)
    })
    const said = saidFields(dataset.shape).map((field): QueryField => {
      const expression = field.name === 'run' ? 'coalesce(i.run, i.id)' : `i."${field.name}"`
      return { ...field, expression, ofImport: true }
    })
    const ofUpload = said.filter(({ name }) => !names.has(name))
    this.all = [
      ...own,
      ...ofUpload.map((field) => (sees(clearance, classOf(dataset, field.name)) ? field : masked(field))),
      ...OF_IMPORT.map((field) =>
        sees(clearance, OPEN_OF_IMPORT.has(field.name) ? 'public' : 'restricted') ? field : masked(field),
      ),
    ]
    this.#byName = new Map(this.all.map((field) => [field.name, field]))
  }

  /** One to filter, sort, group or measure by. Refuses `query.invalid`, `query.field_restricted`. */
  named(name: string): QueryField {
    const field = this.shown(name)
    if (field.masked)
      throw new FieldRestricted(`the field ${quoted(name)} is restricted, and you are not cleared for it`)
    return field
  }

  /** One to be given, masked if need be. Refuses `query.invalid`. */
  shown(name: string): QueryField {
    const field = this.#byName.get(name)
    if (!field) throw new QueryInvalid(`the dataset has no field ${quoted(name)}`)
    return field
  }
}

function sees(clearance: Clearance, fieldClass: FieldClass): boolean {
  return clearance === 'restricted' || fieldClass === 'public'
}

function masked({ name, type }: QueryField): QueryField {
  return { name, type, expression: 'NULL', ofImport: false, masked: true }
}
