/** A data desk over a folder of its own, with real processes; closed and opened again as a Runtime is. */
import { fileURLToPath } from 'node:url'
import { type Clock, hex, logOf, systemClock, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { importWrappingKey, type WrappingKey } from '../../../src/crypto/mod.ts'
import {
  createDataTenant,
  DataDesk,
  dataLauncher,
  listDataTenants,
  type Taken,
  type TenantData,
} from '../../../src/datasets/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { type Keyring, openKeptDatabase, openKeyring } from '../../../src/keys/mod.ts'
import { type Database, type RuntimeSchema, runtimeDatabase } from '../../../src/store/mod.ts'
import type { Dataset, DatasetId, DataTenantId, ImportId, ImportReport } from '../../../src/wire/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../folder.ts'
import { until } from '../until.ts'

export const dataWorkerEntry = fileURLToPath(new URL('./data-worker-entry.ts', import.meta.url))

export class DataHost implements AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly masterHex: string
  readonly #options: HostOptions & { master: WrappingKey }
  db: Database<RuntimeSchema>
  keyring: Keyring
  desk: DataDesk
  /** Ids of the processes that were started. */
  readonly pids: number[] = []

  private constructor(
    {
      folder,
      masterHex,
      ...options
    }: HostOptions & { folder: TemporaryFolder; master: WrappingKey; masterHex: string },
    opened: Opened,
  ) {
    this.folder = folder
    this.masterHex = masterHex
    this.#options = options
    this.db = opened.db
    this.keyring = opened.keyring
    this.desk = this.#newDesk()
  }

  /** `around`: what stands between the desk and each process. */
  static async open({ clock = systemClock, around = (made) => made }: Partial<HostOptions> = {}): Promise<DataHost> {
    const folder = temporaryFolder()
    const key = systemRandom(32)
    const master = await importWrappingKey(key.slice())
    const host = new DataHost({ folder, master, clock, around, masterHex: hex(key) }, await opened(folder, master))
    await host.desk.start()
    return host
  }

  /** Over a data folder that is there. */
  static async at(path: string, master: WrappingKey): Promise<DataHost> {
    const folder = { path, file: (name: string) => `${path}/${name}`, [Symbol.dispose]: () => undefined }
    const options = { folder, master, masterHex: '', clock: systemClock, around: (made: DataProcess) => made }
    const host = new DataHost(options, await opened(folder, master))
    await host.desk.start()
    return host
  }

  async tenant(name = 'acme'): Promise<{ id: DataTenantId; data: TenantData }> {
    const { id } = await createDataTenant({ db: this.db, clock: this.#options.clock, random: systemRandom }, { name })
    return { id, data: this.desk.of(id) }
  }

  async tenants(): Promise<DataTenantId[]> {
    return (await listDataTenants({ db: this.db })).map(({ id }) => id)
  }

  /** Closes all and opens it again, as with another start. */
  async restart(): Promise<void> {
    await this.close()
    await this.reopen()
  }

  async close(): Promise<void> {
    await this.desk.close()
    this.db.close()
  }

  async reopen(): Promise<void> {
    Object.assign(this, await opened(this.folder, this.#options.master))
    this.desk = this.#newDesk()
    await this.desk.start()
  }

  #newDesk(): DataDesk {
    const launch = dataLauncher({ entry: dataWorkerEntry })
    return new DataDesk({
      ...{
        folder: this.folder.path,
        db: this.db,
        keyring: this.keyring,
        clock: this.#options.clock,
        random: systemRandom,
      },
      log: logOf('test'),
      launch: (handlers) => {
        const started = launch(handlers)
        this.pids.push(started.pid)
        return this.#options.around(started)
      },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    this.folder[Symbol.dispose]()
  }
}

type HostOptions = { clock: Clock; around: (made: DataProcess) => DataProcess }
type Opened = { db: Database<RuntimeSchema>; keyring: Keyring }

async function opened(folder: TemporaryFolder, master: WrappingKey): Promise<Opened> {
  const options = { path: folder.file('keyring.json'), master, clock: systemClock, random: systemRandom }
  const keyring = await openKeyring(options)
  const place = { folder: folder.path, name: 'runtime', id: 'runtime' }
  return { keyring, db: await openKeptDatabase(keyring, place, runtimeDatabase) }
}

/** A document of that text. */
export function csv(text: string, more: Partial<Taken> = {}): Taken {
  return { content: inChunks(utf8(text)), contentType: 'text/csv', ...more }
}

export async function* inChunks(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** Waits until an import has ended. */
export function ended(data: TenantData, dataset: DatasetId, id: ImportId): Promise<ImportReport> {
  return until(`the import ${id} has ended`, async () => {
    const report = await data.import(dataset, id, 'restricted')
    return report.endedAtMs === undefined ? undefined : report
  })
}

/** Values of one field, the newest first. */
export async function valuesOf(data: TenantData, { id }: Pick<Dataset, 'id'>, field: string): Promise<unknown[]> {
  const { rows } = await data.query(id, { fields: [field], limit: 1_000 }, 'restricted')
  return rows.map(([value]) => value)
}
