/**
 * The uploads of one data tenant between their acknowledgement and their import: a journal, and files for what is large. A document is
 * acknowledged once its entry is durable; the entry is dropped once the tenant's database has it. Both may be cut off anywhere.
 */
import { type Clock, KeyedTurns, type Log, type Random } from '../../base/mod.ts'
import { type Keyring, openKeptJournal } from '../../keys/mod.ts'
import { type Journal, JournalFull } from '../../store/mod.ts'
import type { DatasetId, ImportId, TakenHeader } from '../../wire/mod.ts'
import { IdempotencyKeyReused, UploadNoRoom } from '../errors.ts'
import { objectNames, removeObjects } from '../raw/objects.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import { type ImportByWorker, ImportLoop } from './import-loop.ts'
import { readOn } from './read-on.ts'
import type { Held, Taken } from './taken.ts'

/** What may wait of one tenant: 256 MiB, ≈ 400,000 documents of half a KiB. Large ones are files, and count with their headers only. */
const JOURNAL_BYTES_MAX = 268_435_456
const SEGMENT_BYTES_MAX = 16_777_216
/** Read at once when a journal is opened that has something waiting. */
const READ_BYTES = 1_048_576
const READ_ENTRIES = 4_096
const TEXT_LENGTH_MAX = 256

export type IntakeDeps = {
  tenant: string
  /** `journal` and `raw` of the tenant. */
  folders: { journal: string; objects: string }
  keyring: Pick<Keyring, 'placeOf' | 'settle' | 'pair'>
  worker: ImportByWorker & {
    /** The import that a key was given for before, among those that are imported. */
    findKey(dataset: DatasetId, key: string): Promise<{ import: ImportId; sha256: string } | undefined>
    knownImports(ids: ImportId[]): Promise<ImportId[]>
  }
  /** Whether what is imported may be dropped now. */
  mayTrim: () => boolean
  /** Imports whose documents are on their way in: their files are nobody's to remove. */
  underWay: ReadonlySet<ImportId>
  clock: Clock
  random: Random
  log: Log
}

/** A document that waits; ~200 B for each. */
type Waiting = { position: number; dataset: DatasetId; key: string | undefined }

export class Intake {
  readonly #deps: IntakeDeps
  readonly #journal: Journal
  readonly #loop: ImportLoop
  readonly #waiting = new Map<ImportId, Waiting>()
  /** Idempotency keys of what waits. */
  readonly #keys = new Map<string, { import: ImportId; sha256: string }>()
  readonly #keyTurns = new KeyedTurns()

  private constructor(deps: IntakeDeps, journal: Journal, reached: number) {
    this.#deps = deps
    this.#journal = journal
    const { worker, clock, random, log, folders, tenant, mayTrim } = deps
    this.#loop = new ImportLoop({
      ...{ journal, worker, clock, random, log, mayTrim, reached, tenant, objects: folders.objects },
      onImported: (imports) => {
        for (const id of imports) this.#forget(id)
      },
    })
  }

  /** Opens the journal and goes on with what waits there; files that nobody was told of are removed. */
  static async open(deps: IntakeDeps): Promise<Intake> {
    const { tenant, folders, keyring, worker, log } = deps
    const reached = await worker.position()
    const journal = await openKeptJournal(keyring, tenant, {
      ...{ folder: folders.journal, bytesMax: JOURNAL_BYTES_MAX, segmentBytesMax: SEGMENT_BYTES_MAX },
      passOverDamage: true,
    })
    try {
      for (const found of journal.damage) log.error('uploads that waited cannot be read any more', { tenant, ...found })
      // A journal that was restored from before the database: its next positions would be taken for imported.
      if (journal.nextPosition <= reached) await journal.skip(reached + 1 - journal.nextPosition)
      const intake = new Intake(deps, journal, reached)
      await intake.#loadWaiting(reached)
      await intake.#sweep()
      intake.#loop.wake()
      return intake
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  /** How many documents wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes a document that has come in; resolves when it is durable. `again`: its idempotency key was known, and nothing was taken. Who
   * held it drops it then, as when it is refused. Refuses `upload.no_room`, `upload.idempotency_key_reused`.
   */
  async take(
    dataset: DatasetId,
    { id, taken, held }: { id: ImportId; taken: Omit<Taken, 'content'>; held: Held },
  ): Promise<{ import: ImportId; again: boolean }> {
    try {
      const { idempotencyKey } = taken
      const add = (): Promise<{ import: ImportId; again: boolean }> => this.#add(id, dataset, taken, held)
      return idempotencyKey === undefined ? await add() : await this.#once(dataset, idempotencyKey, held, add)
    } catch (error) {
      throw error instanceof JournalFull
        ? new UploadNoRoom('uploads wait to be imported, as many as may', { cause: error })
        : error
    }
  }

  /** The header of a document that waits, or `undefined`. */
  async waitingOf(dataset: DatasetId, id: ImportId): Promise<TakenHeader | undefined> {
    const waiting = this.#waiting.get(id)
    if (waiting?.dataset !== dataset) return undefined
    const [entry] = await this.#journal.read(waiting.position, { countMax: 1, bytesMax: 1 })
    // By now it may be imported, and dropped.
    return entry?.position === waiting.position ? decodeEntry(entry.entry).header : undefined
  }

  /** The journal, for a new key. */
  get journal(): Pick<Journal, 'rekey'> {
    return this.#journal
  }

  /** Begins no further import; what is under way may be ended by closing the database. */
  stop(): void {
    this.#loop.stop()
  }

  /** Lets go of the journal when the import that is under way has ended. */
  async close(): Promise<void> {
    await this.#loop.close()
    await this.#journal.close()
  }

  async #add(
    id: ImportId,
    dataset: DatasetId,
    taken: Omit<Taken, 'content'>,
    held: Held,
  ): Promise<{ import: ImportId; again: boolean }> {
    const header = headerOf(id, dataset, taken, held, this.#deps.clock.now())
    const document = 'document' in held ? held.document : new Uint8Array(0)
    const key = keyOf(dataset, taken.idempotencyKey)
    // Before it is durable: whoever is told of it must find it.
    const waiting: Waiting = { position: Number.POSITIVE_INFINITY, dataset, key }
    this.#waiting.set(id, waiting)
    try {
      waiting.position = (await this.#journal.append([encodeEntry(header, document)])).first
    } catch (error) {
      this.#waiting.delete(id)
      throw error
    }
    if (key !== undefined && this.#waiting.has(id)) this.#keys.set(key, { import: id, sha256: held.sha256 })
    this.#loop.wake()
    return { import: id, again: false }
  }

  /** One after another under one key: the second finds what the first has done. */
  #once(
    dataset: DatasetId,
    idempotencyKey: string,
    held: Held,
    add: () => Promise<{ import: ImportId; again: boolean }>,
  ): Promise<{ import: ImportId; again: boolean }> {
    const key = `${dataset} ${idempotencyKey}`
    return this.#keyTurns.run(key, async () => {
      const before = this.#keys.get(key) ?? (await this.#deps.worker.findKey(dataset, idempotencyKey))
      if (!before) return add()
      if (before.sha256 !== held.sha256) {
        throw new IdempotencyKeyReused('the idempotency key was given for another document before')
      }
      return { import: before.import, again: true }
    })
  }

  #forget(id: ImportId): void {
    const key = this.#waiting.get(id)?.key
    this.#waiting.delete(id)
    if (key !== undefined) this.#keys.delete(key)
  }

  async #loadWaiting(reached: number): Promise<void> {
    let from = reached + 1
    for (;;) {
      const bounds = { countMax: READ_ENTRIES, bytesMax: READ_BYTES }
      const entries = await readOn({ ...this.#deps, journal: this.#journal }, from, bounds)
      const last = entries.at(-1)
      if (!last) return
      for (const { position, entry } of entries) {
        const { header } = decodeEntry(entry)
        const key = keyOf(header.dataset, header.idempotencyKey)
        this.#waiting.set(header.import, { position, dataset: header.dataset, key })
        if (key !== undefined) this.#keys.set(key, { import: header.import, sha256: header.sha256 })
      }
      from = last.position + 1
    }
  }

  /** Files that are neither waited for nor imported: half-written, or written and never acknowledged. */
  async #sweep(): Promise<void> {
    const { folders, worker, log, tenant, underWay } = this.#deps
    const isUnderWay = (name: string): boolean => underWay.has(name.slice(0, ID_CHARACTERS) as ImportId)
    const names = (await objectNames(folders.objects)).filter((name) => !isUnderWay(name))
    const unsure = names.filter((name) => !this.#waiting.has(name as ImportId))
    if (unsure.length === 0) return
    const ids = unsure.filter((name) => IMPORT.test(name)) as ImportId[]
    const known = new Set<string>(await worker.knownImports(ids))
    const left = unsure.filter((name) => !known.has(name))
    if (left.length === 0) return
    await removeObjects(folders.objects, left)
    log.info('files of uploads that were not acknowledged were removed', { tenant, files: left.length })
  }
}

const IMPORT = /^imp_[0-9a-f-]{36}$/
const ID_CHARACTERS = 40

function keyOf(dataset: DatasetId, idempotencyKey: string | undefined): string | undefined {
  return idempotencyKey === undefined ? undefined : `${dataset} ${idempotencyKey}`
}

function headerOf(
  id: ImportId,
  dataset: DatasetId,
  taken: Omit<Taken, 'content'>,
  held: Held,
  receivedAtMs: number,
): TakenHeader {
  const { encoding = 'identity', contentType, fileName, attributes = {}, token, idempotencyKey } = taken
  return {
    ...{ import: id, dataset, receivedAtMs, encoding, attributes, bytes: held.bytes, sha256: held.sha256 },
    ...(contentType !== undefined && { contentType: contentType.slice(0, TEXT_LENGTH_MAX) }),
    ...(fileName !== undefined && { fileName: fileName.slice(0, TEXT_LENGTH_MAX) }),
    ...(token !== undefined && { token }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...('objectKey' in held && { objectKey: held.objectKey }),
  }
}
