/** The database of a data tenant opened in the test's own process, and documents for it. */
import { type Bytes, newId, systemClock, systemRandom, Turns, utf8 } from '../../../src/base/mod.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { createDataset } from '../../../src/datasets/tenant/dataset-rows.ts'
import type { TakenEntry } from '../../../src/datasets/tenant/import-document.ts'
import { importEntries } from '../../../src/datasets/tenant/import-entries.ts'
import { findImport } from '../../../src/datasets/tenant/import-rows.ts'
import { queryRecords } from '../../../src/datasets/tenant/query.ts'
import { type DataDatabase, dataDatabase } from '../../../src/store/mod.ts'
import type { Clearance, Dataset, ImportReport, Query, QueryPage, Shape, TakenHeader } from '../../../src/wire/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../folder.ts'

export type Document = Partial<Omit<TakenHeader, 'dataset'>> & { text?: string; content?: Bytes }

export class TenantDatabase implements Disposable {
  readonly #folder: TemporaryFolder
  readonly #turns = new Turns()
  #position = 0
  readonly db: DataDatabase

  readonly #key: Bytes

  private constructor(db: DataDatabase, folder: TemporaryFolder, key: Bytes) {
    this.db = db
    this.#folder = folder
    this.#key = key
  }

  static async open(): Promise<TenantDatabase> {
    const folder = temporaryFolder()
    const key = systemRandom(32)
    return new TenantDatabase(await dataDatabase(folder.file('dt.db'), key, 'writer'), folder, key)
  }

  /** The database once more, as the process that reads has it; its opener closes it. */
  reader(): Promise<DataDatabase> {
    return dataDatabase(this.#folder.file('dt.db'), this.#key, 'reader')
  }

  /** Of a file beside the database. */
  pathOf(name: string): string {
    return this.#folder.file(name)
  }

  createDataset(name: string, shape: Shape): Promise<Dataset> {
    return createDataset({ db: this.db, clock: systemClock, random: systemRandom }, { name, shape })
  }

  /** A document at the next position of the journal. */
  async entry(dataset: string, { text = '', content = utf8(text), ...header }: Document): Promise<TakenEntry> {
    return {
      position: ++this.#position,
      header: {
        ...takenHeader(dataset as Dataset['id']),
        bytes: content.byteLength,
        sha256: await sha256Hex(content),
        ...header,
      },
      content,
    }
  }

  importEntries(entries: readonly TakenEntry[]): Promise<{ position: number; gone: string[] }> {
    return importEntries({ db: this.db, clock: systemClock, turns: this.#turns }, entries)
  }

  /** Imports one document and tells what became of it. */
  async import(dataset: string, document: Document): Promise<ImportReport> {
    const entry = await this.entry(dataset, document)
    await this.importEntries([entry])
    return this.report(dataset, entry.header.import)
  }

  report(dataset: string, id: string): ImportReport {
    const report = findImport(this.db, dataset, id)
    if (!report) throw new Error('the import is not there')
    return report
  }

  query(dataset: string, query: Partial<Query> = {}, clearance: Clearance = 'restricted'): QueryPage {
    return queryRecords(this.db, dataset, { limit: 1_000, ...query }, clearance)
  }

  /** The records of a query as objects, without what is null. */
  records(dataset: string, query: Partial<Query> = {}): Record<string, unknown>[] {
    const { fields, rows } = this.query(dataset, query)
    return rows.map((row) =>
      Object.fromEntries(fields.map(({ name }, at) => [name, row[at]] as const).filter(([, value]) => value !== null)),
    )
  }

  [Symbol.dispose](): void {
    this.db.close()
    this.#folder[Symbol.dispose]()
  }
}

/** Of an empty document, as an upload that says nothing of itself has it. */
export function takenHeader(dataset: Dataset['id'], more: Partial<TakenHeader> = {}): TakenHeader {
  return {
    ...{ import: newId('imp', systemClock, systemRandom), dataset, receivedAtMs: systemClock.now() },
    ...{ encoding: 'identity', attributes: {}, bytes: 0, sha256: '', ...more },
  }
}
