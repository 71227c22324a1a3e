/** What makes questions about one tenant's records fast: indexes of fields, of words, and rollups, all built meanwhile. */
import type {
  Clearance,
  DatasetId,
  DatasetIndex,
  IndexId,
  NewIndex,
  NewRollup,
  Rollup,
  RollupId,
  SearchIndex,
} from '../../../wire/mod.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Indexes = {
  /** Which fields are searched by their words. Refuses `dataset.not_found`. */
  search(dataset: DatasetId): Promise<SearchIndex>
  /** Built meanwhile; without fields it is off. Refuses `search.unfit`, `dataset.not_found`. */
  setSearch(dataset: DatasetId, fields?: string[]): Promise<SearchIndex>
  /** Those that were declared. Refuses `dataset.not_found`. */
  indexes(dataset: DatasetId): Promise<DatasetIndex[]>
  /** It is built meanwhile. Refuses `index.unfit`, `index.too_many`, `dataset.not_found`. */
  createIndex(dataset: DatasetId, index: NewIndex): Promise<DatasetIndex>
  /** Refuses `index.not_found`, `dataset.not_found`. */
  removeIndex(dataset: DatasetId, index: IndexId): Promise<void>
  /** Those whose fields may all be seen with that clearance. Refuses `dataset.not_found`. */
  rollups(dataset: DatasetId, clearance: Clearance): Promise<Rollup[]>
  /** It is built meanwhile. Refuses `rollup.unfit`, `rollup.too_many`, `query.field_restricted`, `dataset.not_found`. */
  createRollup(dataset: DatasetId, rollup: NewRollup, clearance: Clearance): Promise<Rollup>
  /** Refuses `rollup.not_found`, `rollup.of_shape`, `dataset.not_found`. */
  removeRollup(dataset: DatasetId, rollup: RollupId, clearance: Clearance): Promise<void>
}

type Parts = Pick<TenantParts, 'ask' | 'access' | 'pass' | 'resumeBuilding'>

export function indexesOf(parts: Parts): Indexes {
  return { ...searchOf(parts), ...fieldIndexesOf(parts), ...rollupsOf(parts) }
}

function searchOf({ access, pass, resumeBuilding }: Parts): Pick<Indexes, 'search' | 'setSearch'> {
  return {
    search: (dataset) =>
      pass(async () => {
        const search = await access.ask('writer', 'search', { dataset })
        if (search.state === 'building') resumeBuilding()
        return search
      }),
    setSearch: (dataset, fields) =>
      pass(async () => {
        const set = await access.ask('writer', 'set-search', { dataset, ...(fields && { fields }) })
        void access.buildIndexes()
        return set
      }),
  }
}

function fieldIndexesOf(parts: Parts): Pick<Indexes, 'indexes' | 'createIndex' | 'removeIndex'> {
  const { access, pass, resumeBuilding } = parts
  return {
    indexes: (dataset) =>
      pass(async () => {
        const { indexes } = await access.ask('writer', 'indexes', { dataset })
        if (indexes.some(({ state }) => state === 'building')) resumeBuilding()
        return indexes
      }),
    createIndex: (dataset, index) =>
      pass(async () => {
        const made = await access.ask('writer', 'create-index', { dataset, index })
        void access.buildIndexes()
        return made
      }),
    removeIndex: (dataset, index) =>
      pass(async () => {
        await access.ask('writer', 'remove-index', { dataset, index })
        void access.buildIndexes()
      }),
  }
}

function rollupsOf(parts: Parts): Pick<Indexes, 'rollups' | 'createRollup' | 'removeRollup'> {
  const { ask, access, pass } = parts
  return {
    rollups: async (dataset, clearance) => (await ask('writer', 'rollups', { dataset, clearance })).rollups,
    createRollup: (dataset, rollup, clearance) =>
      pass(async () => {
        const made = await access.ask('writer', 'create-rollup', { dataset, rollup, clearance })
        void access.buildRollups()
        return made
      }),
    async removeRollup(dataset, rollup, clearance) {
      await ask('writer', 'remove-rollup', { dataset, rollup, clearance })
    },
  }
}
