/** What main can do with the data of one tenant. A handle is made for that tenant, and can name no other. */
import {
  type Bytes,
  type Clock,
  codeOf,
  describeError,
  fromBase64url,
  type Log,
  newId,
  type Random,
} from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type {
  ClassChange,
  Clearance,
  Dataset,
  DatasetId,
  DatasetSummary,
  DataTenantId,
  Erased,
  EraseRequest,
  GroupAnswer,
  GroupQuery,
  ImportId,
  ImportReport,
  ImportSummary,
  NewDataset,
  NewRollup,
  Query,
  QueryPage,
  Rollup,
  RollupId,
  TakenDocument,
  TakenHeader,
} from '../../wire/mod.ts'
import { type ImportViewer, reportFor, summaryFor } from '../classes/masked-import.ts'
import { erase } from '../erase/erasing.ts'
import { DatasetNotFound, DocumentNotKept, FieldRestricted, ImportNotFound, QueryTooSlow } from '../errors.ts'
import { Intake } from '../intake/intake.ts'
import { dropHeld, holdDocument, type Taken } from '../intake/taken.ts'
import type { WaitingRoom } from '../intake/waiting-room.ts'
import { PartialUploads } from '../partial/partial-uploads.ts'
import { objectPath, readObject, removeObjects } from '../raw/objects.ts'
import { Gate } from './gate.ts'
import type { ImportTurns } from './import-turns.ts'
import type { LazyWorker } from './lazy-worker.ts'
import { type DataWorkers, TenantAccess } from './tenant-access.ts'
import { mayWait, type TenantPlaces, tenantPlaces } from './tenant-places.ts'

/** A query that takes longer is ended with the process that it runs in. */
const QUERY_MS_MAX = 10_000

/** What was uploaded, byte for byte. */
export type RawDocument = { fileName?: string; encoding: string; content: AsyncGenerator<Bytes, void> }

/** The data of one tenant. Every method refuses `data_tenant.not_found` when there is no such tenant. */
export type TenantData = {
  /** Refuses `dataset.exists`, `dataset.too_many`. */
  createDataset(dataset: NewDataset): Promise<Dataset>
  /** By name. */
  datasets(): Promise<DatasetSummary[]>
  /** Refuses `dataset.not_found`. */
  dataset(id: DatasetId): Promise<Dataset>
  /** With all its records and documents. Refuses `dataset.not_found`. */
  removeDataset(id: DatasetId): Promise<void>
  /**
   * Takes away the records for which the conditions hold, and the documents that tell of them; or only counts them. What is taken meanwhile
   * is not looked at. Cut off, it is asked for again. Refuses `dataset.not_found`, `query.invalid`, `dataset.erase_held_up`.
   */
  erase(id: DatasetId, request: EraseRequest): Promise<Erased>
  /**
   * Takes a document for import; resolves when it is durable. `again`: its idempotency key was known, and this is the import of then.
   * Refuses `dataset.not_found`, `upload.no_room`, `upload.too_large`, `upload.idempotency_key_reused`, host errors of the disk.
   */
  take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId; again: boolean }>
  /** What became of a document, as the viewer may see it. Refuses `import.not_found`, `dataset.not_found`. */
  import(dataset: DatasetId, id: ImportId, viewer: ImportViewer): Promise<ImportReport>
  /** A document as it came, compressed if it was. Refuses `import.not_found`, `import.document_not_kept`, `query.field_restricted`. */
  document(dataset: DatasetId, id: ImportId, clearance: Clearance): Promise<RawDocument>
  /** Those that were begun, as the viewer may see them, the newest first; `next`: what `before` is for the following page. */
  imports(
    dataset: DatasetId,
    page: { before?: ImportId | undefined; limit: number; viewer: ImportViewer },
  ): Promise<{ imports: ImportSummary[]; next?: ImportId }>
  /** Uploads that come in pieces. */
  readonly partial: Pick<PartialUploads, 'begin' | 'find' | 'append' | 'remove'>
  /** Restricted fields are masked for who is not cleared. Refuses `query.invalid`, `query.field_restricted`, `query.too_slow`, `query.too_many`, `dataset.not_found`. */
  query(dataset: DatasetId, query: Query, clearance: Clearance): Promise<QueryPage>
  /** From a rollup if one serves, else from the records. Refuses what `query` does, and `query.groups_too_many`. */
  group(dataset: DatasetId, query: GroupQuery, clearance: Clearance): Promise<GroupAnswer>
  /** Refuses `dataset.not_found`. */
  rollups(dataset: DatasetId): Promise<Rollup[]>
  /** It is built meanwhile. Refuses `rollup.unfit`, `rollup.too_many`, `dataset.not_found`. */
  createRollup(dataset: DatasetId, rollup: NewRollup): Promise<Rollup>
  /** Refuses `rollup.not_found`, `rollup.of_shape`, `dataset.not_found`. */
  removeRollup(dataset: DatasetId, rollup: RollupId): Promise<void>
  /** Gives a field a class. Refuses `dataset.not_found`, `dataset.field_not_found`. */
  classifyField(dataset: DatasetId, change: Omit<ClassChange, 'atMs'>): Promise<Dataset>
  /** What was decided about the classes of fields, the newest first. Refuses `dataset.not_found`. */
  classChanges(dataset: DatasetId): Promise<ClassChange[]>
}

export type TenantDeps = {
  /** Where the data of all tenants is. */
  folder: string
  workers: DataWorkers
  keyring: Pick<Keyring, 'placeOf' | 'settle' | 'secretFor' | 'pair'>
  /** Refuses `data_tenant.not_found`. */
  demand: () => Promise<void>
  /** Whether journals may drop what is imported now. */
  mayTrim: () => boolean
  importing: ImportTurns
  waitingRoom: WaitingRoom
  clock: Clock
  random: Random
  log: Log
}

export class TenantRoom implements TenantData {
  readonly access: TenantAccess
  readonly partial: PartialUploads
  readonly places: TenantPlaces
  readonly #tenant: DataTenantId
  readonly #deps: TenantDeps
  readonly #gate = new Gate()
  /** Imports whose documents are on their way in. */
  readonly #underWay = new Set<ImportId>()
  #intake: Promise<Intake> | undefined
  /** Whether the files of uploads that were never acknowledged are removed since this process began. */
  #swept = false
  #isStopped = false
  #known: Promise<Set<DatasetId>> | undefined
  #usedAtMs: number

  constructor(tenant: DataTenantId, deps: TenantDeps) {
    this.#tenant = tenant
    this.#deps = deps
    this.access = new TenantAccess(tenant, deps.folder, deps)
    this.places = tenantPlaces(deps.folder, tenant)
    this.partial = new PartialUploads({
      ...{ folder: this.places.partial, clock: deps.clock, random: deps.random },
      access: { ask: (role, what, about) => this.#pass(() => this.access.ask(role, what, about)) },
      take: (dataset, document) => this.take(dataset, document),
    })
    this.#usedAtMs = deps.clock.monotonic()
  }

  createDataset(dataset: NewDataset): Promise<Dataset> {
    return this.#pass(() => this.access.ask('writer', 'create-dataset', { dataset }).finally(() => this.#forgetKnown()))
  }

  datasets(): Promise<DatasetSummary[]> {
    return this.#pass(async () => (await this.access.ask('writer', 'datasets', {})).datasets)
  }

  dataset(id: DatasetId): Promise<Dataset> {
    return this.#pass(() => this.access.ask('writer', 'dataset', { dataset: id }))
  }

  removeDataset(id: DatasetId): Promise<void> {
    return this.#pass(async () => {
      const removed = this.access.ask('writer', 'remove-dataset', { dataset: id })
      const { files } = await removed.finally(() => this.#forgetKnown())
      if (files.length > 0) await removeObjects(this.places.objects, files)
    })
  }

  erase(id: DatasetId, request: EraseRequest): Promise<Erased> {
    const { objects } = this.places
    const deps = {
      ...{ access: this.access, objects, clock: this.#deps.clock },
      removeFiles: (imports: readonly ImportId[]) => removeObjects(objects, imports),
      dropImported: async () => (await this.#openIntake()).dropImported(),
    }
    return this.#pass(() => erase(deps, id, request))
  }

  async take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId; again: boolean }> {
    await this.#pass(() => this.#demandDataset(dataset))
    const { clock, random } = this.#deps
    const id = newId('imp', clock, random)
    this.#underWay.add(id)
    try {
      // Not within the gate: its sender may be slow, and whoever wants to be alone would wait for it, and all others for them.
      const held = await holdDocument(document, { objects: this.places.objects, id, random }).catch(async (error) => {
        this.#swept = false
        // Its folder goes with the tenant, and what is told then is that.
        await this.#deps.demand()
        throw error
      })
      const drop = () => dropHeld(this.places.objects, id, held)
      const taken = await this.#taken(dataset, { id, taken: document, held }).catch(async (error) => {
        // Its folder may have gone with the tenant; what cannot be removed now is swept when the journal is opened next.
        await drop().catch(() => {
          this.#swept = false
        })
        throw error
      })
      if (taken.again) await drop()
      return taken
    } finally {
      this.#underWay.delete(id)
    }
  }

  import(dataset: DatasetId, id: ImportId, viewer: ImportViewer): Promise<ImportReport> {
    return this.#pass(async () => reportFor(viewer, await this.#reportOf(dataset, id)))
  }

  async document(dataset: DatasetId, id: ImportId, clearance: Clearance): Promise<RawDocument> {
    if (clearance !== 'restricted')
      throw new FieldRestricted('a document may hold restricted fields, for which you are not cleared')
    const { fileName } = await this.import(dataset, id, clearance)
    const { found } = await this.#pass(() => this.access.ask('writer', 'find-document', { dataset, import: id }))
    if (!found) throw new DocumentNotKept('the document is not there as it came')
    const { encoding, content } = found
    const about = { encoding, ...(fileName !== undefined && { fileName }) }
    if ('document' in content) return { ...about, content: only(fromBase64url(content.document)) }
    const key = fromBase64url(content.objectKey)
    return { ...about, content: readObject(objectPath(this.places.objects, id), { id, key }) }
  }

  async #reportOf(dataset: DatasetId, id: ImportId): Promise<ImportReport> {
    const find = () => this.access.ask('writer', 'find-import', { dataset, import: id })
    const found = (await find()).report
    if (found) return found
    const waiting = await (await this.#openIntake()).waitingOf(dataset, id)
    if (waiting) return queued(waiting)
    // It may have been imported while we looked.
    const { report } = await find()
    if (!report) throw new ImportNotFound('there is no such import in this dataset')
    return report
  }

  imports(
    dataset: DatasetId,
    { before, limit, viewer }: { before?: ImportId | undefined; limit: number; viewer: ImportViewer },
  ): Promise<{ imports: ImportSummary[]; next?: ImportId }> {
    return this.#pass(async () => {
      const about = { dataset, limit: limit + 1, ...(before !== undefined && { before }) }
      const { imports } = await this.access.ask('writer', 'imports', about)
      const page = imports.slice(0, limit)
      const last = page.at(-1)
      const told = page.map((one) => summaryFor(viewer, one))
      return { imports: told, ...(last && imports.length > limit && { next: last.id }) }
    })
  }

  query(dataset: DatasetId, query: Query, clearance: Clearance): Promise<QueryPage> {
    return this.#pass(() =>
      this.#deps.workers.queries.run(this.#tenant, (reader) => this.#queried(reader, { dataset, query, clearance })),
    )
  }

  group(dataset: DatasetId, query: GroupQuery, clearance: Clearance): Promise<GroupAnswer> {
    return this.#pass(async () => {
      const about = { dataset, query, clearance }
      const { answer } = await this.access.ask('reader', 'group', about)
      if (answer) return answer
      return this.#deps.workers.queries.run(this.#tenant, (reader) =>
        this.access.query(reader, 'group-records', about, (ask) => this.#inTime(reader, ask)),
      )
    })
  }

  rollups(dataset: DatasetId): Promise<Rollup[]> {
    return this.#pass(async () => (await this.access.ask('writer', 'rollups', { dataset })).rollups)
  }

  createRollup(dataset: DatasetId, rollup: NewRollup): Promise<Rollup> {
    return this.#pass(async () => {
      const made = await this.access.ask('writer', 'create-rollup', { dataset, rollup })
      void this.access.buildRollups()
      return made
    })
  }

  removeRollup(dataset: DatasetId, rollup: RollupId): Promise<void> {
    return this.#pass(async () => {
      await this.access.ask('writer', 'remove-rollup', { dataset, rollup })
    })
  }

  classifyField(dataset: DatasetId, change: Omit<ClassChange, 'atMs'>): Promise<Dataset> {
    return this.#pass(() => this.access.ask('writer', 'classify-field', { dataset, change }))
  }

  classChanges(dataset: DatasetId): Promise<ClassChange[]> {
    return this.#pass(async () => (await this.access.ask('writer', 'class-changes', { dataset })).changes)
  }

  #taken(dataset: DatasetId, come: Parameters<Intake['take']>[1]): Promise<{ import: ImportId; again: boolean }> {
    return this.#pass(async () => {
      // It may have gone while the document came in.
      await this.#demandDataset(dataset)
      return (await this.#openIntake()).take(dataset, come)
    })
  }

  async #demandDataset(id: DatasetId): Promise<void> {
    if (!(await this.#datasetIds()).has(id)) throw new DatasetNotFound('there is no such dataset in this data tenant')
  }

  /** Goes on with what waits, if anything does. */
  async resume(): Promise<void> {
    await this.#pass(() => this.#openIntake())
  }

  /** Does something with the tenant's files while nobody has them open; what is asked meanwhile waits, and what is due goes on then. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#gate.alone(async () => {
        await this.#letGo()
        return work()
      })
    } finally {
      this.#goOn()
    }
  }

  /** What waits of a journal that was let go of is imported though nobody asks. */
  #goOn(): void {
    if (this.#isStopped) return
    mayWait(this.places)
      .then((waits) => (waits && !this.#isStopped ? this.resume() : undefined))
      .catch((error) => {
        // One that is removed has nothing waiting; what cannot be opened now waits until somebody asks.
        if (codeOf(error) === 'data_tenant.not_found') return
        this.#deps.log.error('a data tenant cannot be opened', { tenant: this.#tenant, error: describeError(error) })
      })
  }

  /** Works with its journal, opened if need be. */
  withIntake<T>(work: (intake: Intake) => Promise<T>): Promise<T> {
    return this.#pass(async () => work(await this.#openIntake()))
  }

  /** Closes the journal of a tenant that nobody has asked for in that time and that has nothing waiting. */
  async closeIdle(idleMs: number): Promise<void> {
    const idle = this.#deps.clock.monotonic() - this.#usedAtMs >= idleMs
    if (!idle || !this.#intake || !this.#gate.free || (await this.#intake).waiting > 0) return
    await this.alone(async () => undefined)
  }

  /** Begins no further import, and cuts off what comes in pieces. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.partial.stop()
    ;(await this.#intake?.catch(() => undefined))?.stop()
  }

  /** Lets go of the journal once what is under way has ended. */
  async close(): Promise<void> {
    await (await this.#intake?.catch(() => undefined))?.close()
  }

  async #pass<T>(work: () => Promise<T>): Promise<T> {
    this.#usedAtMs = this.#deps.clock.monotonic()
    return this.#gate.pass(async () => {
      await this.#deps.demand()
      return work()
    })
  }

  async #letGo(): Promise<void> {
    const opened = this.#intake
    // A stopped one takes nothing more, whatever fails below.
    this.#intake = undefined
    const intake = await opened?.catch(() => undefined)
    intake?.stop()
    try {
      // An import that is under way ends with the database that it writes to.
      await this.access.close()
    } finally {
      await intake?.close()
    }
  }

  async #queried(
    reader: LazyWorker,
    about: { dataset: DatasetId; query: Query; clearance: Clearance },
  ): Promise<QueryPage> {
    return this.access.query(reader, 'query', about, (ask) => this.#inTime(reader, ask))
  }

  async #inTime<T>(reader: LazyWorker, ask: () => Promise<T>): Promise<T> {
    const { clock, workers } = this.#deps
    const answered = new AbortController()
    let late = false
    clock.sleep(QUERY_MS_MAX, answered.signal).then(
      () => {
        late = true
        workers.queries.ranOver(this.#tenant)
        reader.kill()
      },
      () => undefined,
    )
    try {
      return await ask()
    } catch (error) {
      throw late ? new QueryTooSlow(`the query took longer than ${QUERY_MS_MAX / 1_000} s and was ended`) : error
    } finally {
      answered.abort()
    }
  }

  /** Asked anew: a worker that is gone before it replies may have committed before. */
  #forgetKnown(): void {
    this.#known = undefined
  }

  #datasetIds(): Promise<Set<DatasetId>> {
    this.#known ??= this.access.ask('writer', 'datasets', {}).then(
      ({ datasets }) => new Set(datasets.map(({ id }) => id)),
      (error) => {
        this.#forgetKnown()
        throw error
      },
    )
    return this.#known
  }

  /** Imports these, or as many as were begun before others had waited. */
  async #imported(
    documents: TakenDocument[],
    othersWait: AbortSignal,
  ): Promise<{ position: number; gone: ImportId[] }> {
    // A process that is gone meanwhile is told of by the import itself.
    const pause = (): void => void this.access.ask('writer', 'pause-import', {}).catch(() => undefined)
    othersWait.addEventListener('abort', pause, { once: true })
    if (othersWait.aborted) pause()
    try {
      return await this.access.ask('writer', 'import', { documents })
    } finally {
      othersWait.removeEventListener('abort', pause)
    }
  }

  #openIntake(): Promise<Intake> {
    const { access } = this
    const { keyring, clock, random, log, importing, waitingRoom, mayTrim } = this.#deps
    this.#intake ??= Intake.open({
      ...{ tenant: this.#tenant, folders: this.places, keyring, clock, random, log, mayTrim },
      underWay: this.#underWay,
      ...{ mustSweep: !this.#swept, waitingRoom },
      turn: (isAlone, work) => importing.run(isAlone, work),
      worker: {
        position: async () => (await access.ask('writer', 'position', {})).position,
        import: (documents, othersWait) => this.#imported(documents, othersWait),
        refuse: (document) => access.ask('writer', 'refuse-document', { document }),
        findKey: async (dataset, key) => (await access.ask('writer', 'find-key', { dataset, key })).found,
        knownImports: async (imports) => (await access.ask('writer', 'known-imports', { imports })).known,
      },
    })
      .then((intake) => {
        this.#swept = true
        return intake
      })
      .catch((error) => {
        this.#intake = undefined
        throw error
      })
    return this.#intake
  }
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes, void> {
  yield bytes
}

function queued(header: TakenHeader): ImportReport {
  const { import: id, dataset, receivedAtMs, contentType, fileName, bytes, sha256, token, attributes } = header
  return {
    ...{ id, dataset, state: 'queued', receivedAtMs, bytes, sha256, attributes },
    ...(contentType !== undefined && { contentType }),
    ...(fileName !== undefined && { fileName }),
    ...(token !== undefined && { token }),
    ...{ rowsTaken: 0, rowsReplaced: 0, rowsRefused: 0, warnings: 0, refusals: [], remarks: [] },
  }
}
