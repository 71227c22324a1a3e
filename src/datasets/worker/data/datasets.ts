/** The datasets of one tenant, and the classes of their fields. */
import type { ClassChange, Dataset, DatasetId, DatasetSummary, NewDataset } from '../../../wire/mod.ts'
import { removeObjects } from '../../raw/objects.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Datasets = {
  /** Refuses `dataset.exists`, `dataset.too_many`. */
  createDataset(dataset: NewDataset): Promise<Dataset>
  /** By name. */
  datasets(): Promise<DatasetSummary[]>
  /** Refuses `dataset.not_found`. */
  dataset(id: DatasetId): Promise<Dataset>
  /** With all its records and documents. Refuses `dataset.not_found`. */
  removeDataset(id: DatasetId): Promise<void>
  /** Gives a field a class. Refuses `dataset.not_found`, `dataset.field_not_found`. */
  classifyField(dataset: DatasetId, change: Omit<ClassChange, 'atMs'>): Promise<Dataset>
  /** What was decided about the classes of fields, the newest first. Refuses `dataset.not_found`. */
  classChanges(dataset: DatasetId): Promise<ClassChange[]>
}

type Parts = Pick<TenantParts, 'ask' | 'access' | 'pass' | 'known' | 'places'>

export function datasetsOf({ ask, access, pass, known, places }: Parts): Datasets {
  return {
    createDataset: (dataset) =>
      pass(() => access.ask('writer', 'create-dataset', { dataset }).finally(() => known.forget())),
    datasets: async () => (await ask('writer', 'datasets', {})).datasets,
    dataset: (id) => ask('writer', 'dataset', { dataset: id }),
    removeDataset: (id) =>
      pass(async () => {
        const removed = access.ask('writer', 'remove-dataset', { dataset: id })
        const { files } = await removed.finally(() => known.forget())
        if (files.length > 0) await removeObjects(places.objects, files)
      }),
    classifyField: (dataset, change) => ask('writer', 'classify-field', { dataset, change }),
    classChanges: async (dataset) => (await ask('writer', 'class-changes', { dataset })).changes,
  }
}
