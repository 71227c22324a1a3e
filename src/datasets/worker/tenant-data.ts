/** What main can do with the data of one tenant. A handle is made for that tenant, and can name no other. */
import { type Clock, type Log, newId, type Random, type Slots } from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type {
  Dataset,
  DatasetId,
  DataTenantId,
  ImportId,
  ImportReport,
  ImportSummary,
  NewDataset,
  Query,
  QueryPage,
  TakenHeader,
} from '../../wire/mod.ts'
import { DatasetNotFound, ImportNotFound, QueryTooSlow } from '../errors.ts'
import { Intake } from '../intake/intake.ts'
import { dropHeld, holdDocument, type Taken } from '../intake/taken.ts'
import { removeObjects } from '../raw/objects.ts'
import { Gate } from './gate.ts'
import { type DataWorkers, TenantAccess } from './tenant-access.ts'
import { type TenantPlaces, tenantPlaces } from './tenant-places.ts'

/** A query that takes longer is ended with the process that it runs in. */
const QUERY_MS_MAX = 10_000

/** The data of one tenant. Every method refuses `data_tenant.not_found` when there is no such tenant. */
export type TenantData = {
  /** Refuses `dataset.exists`, `dataset.too_many`. */
  createDataset(dataset: NewDataset): Promise<Dataset>
  /** By name. */
  datasets(): Promise<Dataset[]>
  /** Refuses `dataset.not_found`. */
  dataset(id: DatasetId): Promise<Dataset>
  /** With all its records and documents. Refuses `dataset.not_found`. */
  removeDataset(id: DatasetId): Promise<void>
  /**
   * Takes a document for import; resolves when it is durable. `again`: its idempotency key was known, and this is the import of then.
   * Refuses `dataset.not_found`, `upload.no_room`, `upload.too_large`, `upload.idempotency_key_reused`, host errors of the disk.
   */
  take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId; again: boolean }>
  /** What became of a document. Refuses `import.not_found`, `dataset.not_found`. */
  import(dataset: DatasetId, id: ImportId): Promise<ImportReport>
  /** Those that were begun, the newest first; `next`: what `before` is for the following page. */
  imports(
    dataset: DatasetId,
    page: { before?: ImportId | undefined; limit: number },
  ): Promise<{ imports: ImportSummary[]; next?: ImportId }>
  /** Refuses `query.invalid`, `query.too_slow`, `dataset.not_found`. */
  query(dataset: DatasetId, query: Query): Promise<QueryPage>
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
  /** How many tenants import, and how many queries run, at once. */
  importing: Slots
  querying: Slots
  clock: Clock
  random: Random
  log: Log
}

export class TenantRoom implements TenantData {
  readonly access: TenantAccess
  readonly places: TenantPlaces
  readonly #tenant: DataTenantId
  readonly #deps: TenantDeps
  readonly #gate = new Gate()
  /** Imports whose documents are on their way in. */
  readonly #underWay = new Set<ImportId>()
  #intake: Promise<Intake> | undefined
  #known: Promise<Set<DatasetId>> | undefined
  #usedAtMs: number

  constructor(tenant: DataTenantId, deps: TenantDeps) {
    this.#tenant = tenant
    this.#deps = deps
    this.access = new TenantAccess(tenant, deps.folder, deps)
    this.places = tenantPlaces(deps.folder, tenant)
    this.#usedAtMs = deps.clock.monotonic()
  }

  createDataset(dataset: NewDataset): Promise<Dataset> {
    return this.#pass(() => this.access.ask('writer', 'create-dataset', { dataset }).finally(() => this.#forgetKnown()))
  }

  datasets(): Promise<Dataset[]> {
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

  async take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId; again: boolean }> {
    await this.#pass(() => this.#demandDataset(dataset))
    const { clock, random } = this.#deps
    const id = newId('imp', clock, random)
    this.#underWay.add(id)
    try {
      // Not within the gate: its sender may be slow, and whoever wants to be alone would wait for it, and all others for them.
      const held = await holdDocument(document, { objects: this.places.objects, id, random })
      const drop = () => dropHeld(this.places.objects, id, held)
      const taken = await this.#taken(dataset, { id, taken: document, held }).catch(async (error) => {
        // Its folder may have gone with the tenant; what cannot be removed now is swept when the journal is opened next.
        await drop().catch(() => undefined)
        throw error
      })
      if (taken.again) await drop()
      return taken
    } finally {
      this.#underWay.delete(id)
    }
  }

  import(dataset: DatasetId, id: ImportId): Promise<ImportReport> {
    return this.#pass(async () => {
      const find = () => this.access.ask('writer', 'find-import', { dataset, import: id })
      const found = (await find()).report
      if (found) return found
      const waiting = await (await this.#openIntake()).waitingOf(dataset, id)
      if (waiting) return queued(waiting)
      // It may have been imported while we looked.
      const { report } = await find()
      if (!report) throw new ImportNotFound('there is no such import in this dataset')
      return report
    })
  }

  imports(
    dataset: DatasetId,
    { before, limit }: { before?: ImportId | undefined; limit: number },
  ): Promise<{ imports: ImportSummary[]; next?: ImportId }> {
    return this.#pass(async () => {
      const about = { dataset, limit: limit + 1, ...(before !== undefined && { before }) }
      const { imports } = await this.access.ask('writer', 'imports', about)
      const page = imports.slice(0, limit)
      const last = page.at(-1)
      return { imports: page, ...(last && imports.length > limit && { next: last.id }) }
    })
  }

  query(dataset: DatasetId, query: Query): Promise<QueryPage> {
    return this.#pass(() => this.#deps.querying.run(() => this.#queried(dataset, query)))
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

  /** Does something with the tenant's files while nobody has them open; what is asked meanwhile waits. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#gate.alone(async () => {
      await this.#letGo()
      return work()
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
    await this.#gate.alone(() => this.#letGo())
  }

  /** Begins no further import. */
  async stop(): Promise<void> {
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

  async #queried(dataset: DatasetId, query: Query): Promise<QueryPage> {
    const { clock, workers } = this.#deps
    const answered = new AbortController()
    let late = false
    clock.sleep(QUERY_MS_MAX, answered.signal).then(
      () => {
        late = true
        workers.reader.kill()
      },
      () => undefined,
    )
    try {
      return await this.access.ask('reader', 'query', { dataset, query })
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

  #openIntake(): Promise<Intake> {
    const { access } = this
    const { keyring, clock, random, log, importing, mayTrim } = this.#deps
    this.#intake ??= Intake.open({
      ...{ tenant: this.#tenant, folders: this.places, keyring, clock, random, log, mayTrim },
      underWay: this.#underWay,
      worker: {
        position: async () => (await access.ask('writer', 'position', {})).position,
        import: (documents) => importing.run(() => access.ask('writer', 'import', { documents })),
        refuse: (document) => access.ask('writer', 'refuse-document', { document }),
        findKey: async (dataset, key) => (await access.ask('writer', 'find-key', { dataset, key })).found,
        knownImports: async (imports) => (await access.ask('writer', 'known-imports', { imports })).known,
      },
    }).catch((error) => {
      this.#intake = undefined
      throw error
    })
    return this.#intake
  }
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
