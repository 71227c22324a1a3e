/** What a data worker answers: each question from the database of the tenant that it names, one at a time. */
import { type Clock, fromBase64url, type Random } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import type { Answers, dataAsks, ImportId, TakenDocument } from '../../wire/mod.ts'
import { listClassChanges } from '../classes/field-classes.ts'
import { eraseDocuments } from '../erase/erase-documents.ts'
import { beginErase, endErase, eraseRecords } from '../erase/erase-records.ts'
import { eraseViews } from '../erase/erase-views.ts'
import { exportPart } from '../export/export-part.ts'
import { changesOf, setHistory, sweepHistories } from '../history/changes.ts'
import { buildIndexes } from '../indexes/build.ts'
import { createIndex, listIndexes, removeIndex } from '../indexes/declare.ts'
import { setFieldType } from '../reimport/field-type.ts'
import { goOnReimporting, passOver } from '../reimport/reimport.ts'
import { beginReimport, reimportOf } from '../reimport/reimport-rows.ts'
import { retainDocuments, retainRecords } from '../retention/retain.ts'
import { retainedDatasets, retentionOf, setRetention } from '../retention/retention-rows.ts'
import { buildRollups } from '../rollups/build.ts'
import { createRollup, listRollups, removeRollup } from '../rollups/declare.ts'
import { groupFromRecords, groupFromRollup } from '../rollups/group.ts'
import { buildSearches } from '../search/build.ts'
import { renewSearch, searchIndexOf, setSearch } from '../search/declare.ts'
import { answerSql, boundProcess, sqlViews } from '../sql/answer-sql.ts'
import { classifyField, createDataset, datasetOf, datasetRow, listDatasets } from '../tenant/dataset-rows.ts'
import type { TakenEntry } from '../tenant/import-document.ts'
import { importEntries, positionReached, refuseEntry } from '../tenant/import-entries.ts'
import { findByIdempotencyKey, findDocument, findImport, knownImports, listImports } from '../tenant/import-rows.ts'
import { beginPartial, endPartial, findPartial, growPartial, removePartial } from '../tenant/partial-rows.ts'
import { queryRecords } from '../tenant/query.ts'
import { removeDataset, sweepRemoved } from '../tenant/removed-datasets.ts'
import { changeView, listViews, removeView, saveView } from '../views/saved-views.ts'
import type { OpenTenants } from './tenants-open.ts'

export function dataAnswers(
  tenants: OpenTenants,
  { clock, random }: { clock: Clock; random: Random },
): Answers<typeof dataAsks> {
  /** Tenants whose imports end after the transaction that they are in. */
  const paused = new Set<string>()
  /** The same of their re-imports. */
  const pausedReimports = new Set<string>()
  /** In the tenant's own turn: not in the middle of somebody else's transaction. */
  function within<T>(tenant: string, work: (db: DataDatabase) => T | Promise<T>): Promise<T> {
    return tenants.use(tenant, ({ db, turns }) => turns.run(async () => work(db)))
  }
  /** Destroys what removed datasets have kept, between what is asked. What cuts it off is gone on with when the tenant is opened next. */
  function sweep(tenant: string): void {
    const step = async (): Promise<void> => {
      while ((await within(tenant, sweepRemoved)) || (await within(tenant, sweepHistories))) await yieldToFinalisers()
    }
    step().catch(() => undefined)
  }
  return {
    async open({ tenant, path, key, role }) {
      const bytes = fromBase64url(key)
      await tenants.open(tenant, { path, key: bytes, role }).finally(() => bytes.fill(0))
      if (role === 'writer') sweep(tenant)
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
      within(tenant, async (db) => ({ files: (await removeDataset(db, dataset)) as ImportId[] })).finally(() =>
        sweep(tenant),
      ),
    position: ({ tenant }) => within(tenant, (db) => ({ position: positionReached(db) })),
    import: ({ tenant, documents }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        const mayGoOn = () => !paused.has(tenant)
        const { position, gone } = await importEntries({ db, clock, turns, mayGoOn }, documents.map(entryOf))
        paused.delete(tenant)
        return { position, gone: gone as ImportId[] }
      }),
    async 'pause-import'({ tenant }) {
      paused.add(tenant)
      return {}
    },
    'refuse-document': ({ tenant, document }) =>
      tenants.use(tenant, ({ db, turns }) => refuseEntry({ db, clock, turns }, entryOf(document))),
    imports: ({ tenant, dataset, before, limit }) =>
      within(tenant, (db) => ({ imports: listImports(db, datasetRow(db, dataset).id, { before, limit }) })),
    'find-import': ({ tenant, dataset, import: id }) =>
      within(tenant, (db) => {
        const report = findImport(db, datasetRow(db, dataset).id, id)
        return report ? { report } : {}
      }),
    'find-document': ({ tenant, dataset, import: id }) =>
      within(tenant, (db) => {
        const found = findDocument(db, datasetRow(db, dataset).id, id)
        return found ? { found } : {}
      }),
    'find-key': ({ tenant, dataset, key }) =>
      within(tenant, (db) => {
        const found = findByIdempotencyKey(db, dataset, key)
        return found ? { found: { import: found.import as ImportId, sha256: found.sha256 } } : {}
      }),
    'known-imports': ({ tenant, imports }) =>
      within(tenant, (db) => ({ known: knownImports(db, imports) as ImportId[] })),
    'begin-partial': ({ tenant, dataset, upload, ...begun }) =>
      within(tenant, (db) => beginPartial(db, dataset, { ...begun, id: upload })),
    'find-partial': ({ tenant, dataset, upload }) =>
      within(tenant, (db) => {
        const found = findPartial(db, dataset, upload)
        return found ? { found } : {}
      }),
    'grow-partial': ({ tenant, dataset, ...grown }) =>
      within(tenant, async (db) => {
        await growPartial(db, dataset, grown)
        return {}
      }),
    'end-partial': ({ tenant, dataset, upload, import: id }) =>
      within(tenant, async (db) => {
        await endPartial(db, dataset, upload, id)
        return {}
      }),
    'remove-partial': ({ tenant, dataset, upload }) =>
      within(tenant, (db) => {
        removePartial(db, dataset, upload)
        return {}
      }),
    'classify-field': ({ tenant, dataset, change }) =>
      within(tenant, (db) => classifyField({ db, clock }, dataset, change)),
    'class-changes': ({ tenant, dataset }) =>
      within(tenant, (db) => ({ changes: listClassChanges(db, datasetRow(db, dataset).no) })),
    'begin-erase': ({ tenant, dataset, where }) => within(tenant, (db) => beginErase(db, dataset, where)),
    'erase-records': ({ tenant, dataset, ...step }) =>
      within(tenant, (db) => eraseRecords({ db, clock }, dataset, step)),
    'erase-documents': ({ tenant, dataset, ...step }) =>
      tenants.use(tenant, ({ db, turns }) => eraseDocuments({ db, turns, clock }, dataset, step)),
    'erase-views': ({ tenant, dataset, ...asked }) => within(tenant, (db) => eraseViews(db, dataset, asked)),
    'end-erase': ({ tenant, dataset, removed }) => within(tenant, (db) => endErase(db, dataset, removed)),
    query: ({ tenant, dataset, query, clearance }) =>
      within(tenant, (db) => queryRecords(db, dataset, query, clearance)),
    views: ({ tenant, dataset, viewer }) => within(tenant, (db) => ({ views: listViews(db, dataset, viewer) })),
    'save-view': ({ tenant, dataset, viewer, view }) =>
      within(tenant, (db) => saveView({ db, clock, random }, dataset, view, viewer)),
    'change-view': ({ tenant, dataset, viewer, id, change }) =>
      within(tenant, (db) => changeView(db, dataset, { id, change }, viewer)),
    'remove-view': ({ tenant, dataset, viewer, id }) =>
      within(tenant, async (db) => {
        await removeView(db, dataset, id, viewer)
        return {}
      }),
    'export-part': ({ tenant, dataset, step, clearance }) =>
      within(tenant, (db) => exportPart({ db, dataset, clearance }, step)),
    group: ({ tenant, dataset, query, clearance }) =>
      within(tenant, (db) => {
        const answer = groupFromRollup(db, dataset, query, clearance)
        return answer ? { answer } : {}
      }),
    'group-records': ({ tenant, dataset, query, clearance }) =>
      within(tenant, (db) => groupFromRecords(db, dataset, query, clearance)),
    search: ({ tenant, dataset }) => within(tenant, (db) => searchIndexOf(db, dataset)),
    'set-search': ({ tenant, dataset, fields = [] }) => within(tenant, (db) => setSearch(db, dataset, fields)),
    'renew-search': ({ tenant, dataset, begin }) => within(tenant, (db) => renewSearch(db, dataset, { begin })),
    indexes: ({ tenant, dataset }) => within(tenant, (db) => ({ indexes: listIndexes(db, dataset) })),
    'create-index': ({ tenant, dataset, index }) =>
      within(tenant, (db) => createIndex({ db, clock, random }, dataset, index)),
    'remove-index': ({ tenant, dataset, index }) =>
      within(tenant, async (db) => {
        await removeIndex(db, dataset, index)
        return {}
      }),
    'build-indexes': ({ tenant }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        await buildSearches({ db, turns })
        await buildIndexes({ db, turns })
        return {}
      }),
    'begin-reimport': ({ tenant, dataset, asked }) =>
      within(tenant, (db) => beginReimport(db, dataset, { ...asked, nowMs: clock.now() })),
    'set-field-type': ({ tenant, dataset, field }) =>
      within(tenant, async (db) => {
        const reimport = await setFieldType(db, dataset, field, clock.now())
        return reimport ? { reimport } : {}
      }),
    reimport: ({ tenant, dataset }) =>
      within(tenant, (db) => {
        const reimport = reimportOf(db, dataset)
        return reimport ? { reimport } : {}
      }),
    'go-on-reimporting': ({ tenant, objects }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        const mayGoOn = () => !pausedReimports.has(tenant)
        const gone = await goOnReimporting({ db, clock, turns, objects, mayGoOn })
        pausedReimports.delete(tenant)
        return gone
      }),
    async 'pause-reimport'({ tenant }) {
      pausedReimports.add(tenant)
      return {}
    },
    'pass-over-reimport': ({ tenant }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        await passOver({ db, turns })
        return {}
      }),
    'set-history': ({ tenant, dataset, on }) =>
      within(tenant, async (db) => {
        await setHistory(db, dataset, { on, nowMs: clock.now() })
        return {}
      }).finally(() => sweep(tenant)),
    changes: ({ tenant, dataset, asked, clearance }) =>
      within(tenant, (db) => changesOf(db, dataset, asked, clearance)),
    retention: ({ tenant, dataset }) => within(tenant, (db) => retentionOf(db, dataset)),
    'set-retention': ({ tenant, dataset, days }) => within(tenant, (db) => setRetention(db, dataset, days)),
    retained: ({ tenant }) => within(tenant, (db) => ({ datasets: retainedDatasets(db) })),
    'retain-documents': ({ tenant, dataset, ...slice }) => within(tenant, (db) => retainDocuments(db, dataset, slice)),
    'retain-records': ({ tenant, dataset, ...slice }) => within(tenant, (db) => retainRecords(db, dataset, slice)),
    sql: ({ tenant, ...question }) =>
      within(tenant, (db) => {
        boundProcess(db)
        return answerSql({ db, clock }, question)
      }),
    'sql-views': ({ tenant, clearance }) => within(tenant, (db) => ({ views: sqlViews(db, clearance) })),
    rollups: ({ tenant, dataset, clearance }) =>
      within(tenant, (db) => ({ rollups: listRollups({ db }, dataset, clearance) })),
    'create-rollup': ({ tenant, dataset, rollup, clearance }) =>
      within(tenant, (db) => createRollup({ db, clock, random }, dataset, rollup, clearance)),
    'remove-rollup': ({ tenant, dataset, rollup, clearance }) =>
      within(tenant, async (db) => {
        await removeRollup({ db }, dataset, rollup, clearance)
        return {}
      }),
    'build-rollups': ({ tenant }) =>
      tenants.use(tenant, async ({ db, turns }) => {
        await buildRollups({ db, clock, random, turns })
        return {}
      }),
  }
}

function entryOf({ position, header, content }: TakenDocument): TakenEntry {
  if (content.kept === 'here') return { position, header, content: fromBase64url(content.document) }
  return { position, header, content: { path: content.path, key: fromBase64url(header.objectKey ?? '') } }
}
