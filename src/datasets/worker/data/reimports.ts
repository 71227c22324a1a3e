/** Documents of one tenant read again, as when the type of a field is another. */
import type { DatasetId, NewFieldType, NewReimport, Reimport } from '../../../wire/mod.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Reimports = {
  /**
   * Reads the documents of all imports again, or of one, as they came; it goes on meanwhile and after a crash. Refuses `dataset.not_found`,
   * `dataset.reimport_under_way`, `dataset.erase_held_up`, `import.not_found`, `import.document_not_kept`.
   */
  reimport(dataset: DatasetId, asked: NewReimport): Promise<Reimport>
  /**
   * Gives a field of a `table` another type: what is there is changed, then read again. `undefined`: it has that type. Refuses what
   * `reimport` does, and `dataset.field_not_found`, `dataset.field_type_fixed`.
   */
  setFieldType(dataset: DatasetId, field: NewFieldType): Promise<Reimport | undefined>
  /** The last one that was asked for, if any was. Refuses `dataset.not_found`. */
  lastReimport(dataset: DatasetId): Promise<Reimport | undefined>
}

export function reimportsOf(parts: Pick<TenantParts, 'ask' | 'access' | 'pass' | 'reimports'>): Reimports {
  const { ask, access, pass, reimports } = parts
  return {
    reimport: (dataset, asked) =>
      pass(() => reimports.begin(() => access.ask('writer', 'begin-reimport', { dataset, asked }))),
    setFieldType: async (dataset, field) => {
      const set = () => access.ask('writer', 'set-field-type', { dataset, field })
      return (await pass(() => reimports.begin(set))).reimport
    },
    lastReimport: async (dataset) => (await ask('writer', 'reimport', { dataset })).reimport,
  }
}
