/** What a data worker answers: each question from the database of the tenant that it names, one at a time. */
import { type Clock, fromBase64url, type Random } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { Answers, dataAsks, ImportId, TakenDocument } from '../../wire/mod.ts'
import { createDataset, datasetOf, datasetRow, listDatasets, removeDataset } from '../tenant/dataset-rows.ts'
import type { TakenEntry } from '../tenant/import-document.ts'
import { importEntries, positionReached, refuseEntry } from '../tenant/import-entries.ts'
import { findByIdempotencyKey, findImport, knownImports, listImports } from '../tenant/import-rows.ts'
import { queryRecords } from '../tenant/query.ts'
import type { OpenTenants } from './tenants-open.ts'

export function dataAnswers(
  tenants: OpenTenants,
  { clock, random }: { clock: Clock; random: Random },
): Answers<typeof dataAsks> {
  /** In the tenant's own turn: not in the middle of somebody else's transaction. */
  function within<T>(tenant: string, work: (db: DataDatabase) => T | Promise<T>): Promise<T> {
    return tenants.use(tenant, ({ db, turns }) => turns.run(async () => work(db)))
  }
  return {
    async open({ tenant, path, key, role }) {
      const bytes = fromBase64url(key)
      await tenants.open(tenant, { path, key: bytes, role }).finally(() => bytes.fill(0))
      return {}
    },
    async close({ tenant }) {
      await tenants.close(tenant)
      return {}
    },
    'create-dataset': ({ tenant, dataset }) => within(tenant, (db) => createDataset({ db, clock, random }, dataset)),
    datasets: ({ tenant }) => within(tenant, (db) => ({ datasets: listDatasets(db) })),
    dataset: ({ tenant, dataset }) => within(tenant, (db) => datasetOf(db, dataset)),
    'remove-dataset': ({ tenant, dataset }) =>
      within(tenant, async (db) => ({ files: (await removeDataset(db, dataset)) as ImportId[] })),
    position: ({ tenant }) => within(tenant, (db) => ({ position: positionReached(db) })),
    import: ({ tenant, documents }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        const { position, gone } = await importEntries({ db, clock, turns }, documents.map(entryOf))
        return { position, gone: gone as ImportId[] }
      }),
    'refuse-document': ({ tenant, document }) =>
      tenants.use(tenant, ({ db, turns }) => refuseEntry({ db, clock, turns }, entryOf(document))),
    imports: ({ tenant, dataset, before, limit }) =>
      within(tenant, (db) => ({ imports: listImports(db, datasetRow(db, dataset).id, { before, limit }) })),
    'find-import': ({ tenant, dataset, import: id }) =>
      within(tenant, (db) => {
        const report = findImport(db, datasetRow(db, dataset).id, id)
        return report ? { report } : {}
      }),
    'find-key': ({ tenant, dataset, key }) =>
      within(tenant, (db) => {
        const found = findByIdempotencyKey(db, dataset, key)
        return found ? { found: { import: found.import as ImportId, sha256: found.sha256 } } : {}
      }),
    'known-imports': ({ tenant, imports }) =>
      within(tenant, (db) => ({ known: knownImports(db, imports) as ImportId[] })),
    query: ({ tenant, dataset, query }) => within(tenant, (db) => queryRecords(db, dataset, query)),
  }
}

function entryOf({ position, header, content }: TakenDocument): TakenEntry {
  if (content.kept === 'here') return { position, header, content: fromBase64url(content.document) }
  return { position, header, content: { path: content.path, key: fromBase64url(header.objectKey ?? '') } }
}
