/**
 * The uploads of one data tenant between their acknowledgement and their import: a journal, and files for what is large. A document is
 * acknowledged once its entry is durable; the entry is dropped once the tenant's database has it. Both may be cut off anywhere.
 */
import { type Clock, KeyedTurns, type Log, type Random } from '../../base/mod.ts'
import { type Keyring, openKeptJournal } from '../../keys/mod.ts'
import { type Journal, JournalFull } from '../../store/mod.ts'
import type { DatasetId, ImportId, TakenHeader } from '../../wire/mod.ts'
import { EraseHeldUp, IdempotencyKeyReused, UploadNoRoom } from '../errors.ts'
import { objectNames, removeObjects } from '../raw/objects.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import { type ImportByWorker, ImportLoop, type TakeTurn } from './import-loop.ts'
import { readOn } from './read-on.ts'
import type { Held, Taken } from './taken.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What may wait of one tenant: 256 MiB, ≈ 400,000 documents of half a KiB. Large ones are files, and count with their headers only. */
const JOURNAL_BYTES_MAX = 268_435_456
const SEGMENT_BYTES_MAX = 16_777_216
/** Read at once when a journal is opened that has something waiting. */
const READ_BYTES = 1_048_576
const READ_ENTRIES = 4_096
const TEXT_LENGTH_MAX = 256
/** Names of files that are asked about at once: 40 KiB. */
const SWEPT_AT_ONCE = 1_000
/** A database gives a text back only up to its first NUL. */
const NULS = /\0/g

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
  turn: TakeTurn
  /** Whether what is imported may be dropped now. */
  mayTrim: () => boolean
  /** Imports whose documents are on their way in: their files are nobody's to remove. */
  underWay: ReadonlySet<ImportId>
  /** Of all tenants. */
  waitingRoom: WaitingRoom
  /** Whether there may be files that nobody was told of. */
  mustSweep: boolean
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
  #isClosed = false

  private constructor(deps: IntakeDeps, journal: Journal, reached: number) {
    this.#deps = deps
    this.#journal = journal
    const { worker, turn, clock, random, log, folders, tenant, mayTrim } = deps
    this.#loop = new ImportLoop({
      ...{ journal, worker, turn, clock, random, log, mayTrim, reached, tenant, objects: folders.objects },
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
      if (deps.mustSweep) await intake.#sweep()
      deps.waitingRoom.found(intake.#waiting.size)
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

  /** Nothing that was taken before is in the journal then: all of it is imported. Refuses `dataset.erase_held_up`. */
  async dropImported(): Promise<void> {
    if (this.#waiting.size > 0) throw new EraseHeldUp('uploads of the data tenant wait to be imported')
    if (!(await this.#loop.dropImported()))
      throw new EraseHeldUp('what was imported is still in the journal: a backup is made, or uploads come')
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
    if (!this.#isClosed) this.#deps.waitingRoom.leave(this.#waiting.size)
    this.#isClosed = true
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
    this.#deps.waitingRoom.enter(this.#waiting.size)
    this.#waiting.set(id, waiting)
    try {
      waiting.position = (await this.#journal.append([encodeEntry(header, document)])).first
    } catch (error) {
      this.#forget(id)
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
    if (this.#waiting.delete(id) && !this.#isClosed) this.#deps.waitingRoom.leave(1)
    if (key !== undefined) this.#keys.delete(key)
  }

  async #loadWaiting(reached: number): Promise<void> {
    let from = reached + 1
    for (;;) {
      const bounds = { countMax: READ_ENTRIES, bytesMax: READ_BYTES }
      const entries = await readOn({ ...this.#deps, journal: this.#journal }, from, bounds)
      const last = entries.at(-1)
      if (!last) break
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
    let removed = 0
    for await (const names of objectNames(folders.objects, SWEPT_AT_ONCE)) {
      const unsure = names.filter((name) => {
        const id = name.slice(0, ID_CHARACTERS) as ImportId
        return !underWay.has(id) && !this.#waiting.has(name as ImportId)
      })
      const ids = unsure.filter((name) => IMPORT.test(name)) as ImportId[]
      const known = new Set<string>(ids.length > 0 ? await worker.knownImports(ids) : [])
      const left = unsure.filter((name) => !known.has(name))
      if (left.length > 0) await removeObjects(folders.objects, left)
      removed += left.length
    }
    if (removed > 0) log.info('files of uploads that were not acknowledged were removed', { tenant, files: removed })
  }
}

const IMPORT = /^imp_[0-9a-f-]{36}$/
const ID_CHARACTERS = 40

function keyOf(dataset: DatasetId, idempotencyKey: string | undefined): string | undefined {
  return idempotencyKey === undefined ? undefined : `${dataset} ${idempotencyKey}`
}

function textOf(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).replace(NULS, '\ufffd')
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
    ...{ import: id, dataset, receivedAtMs, encoding, bytes: held.bytes, sha256: held.sha256 },
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, textOf(value)])),
    ...(contentType !== undefined && { contentType: textOf(contentType) }),
    ...(fileName !== undefined && { fileName: textOf(fileName) }),
    ...(token !== undefined && { token }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...('objectKey' in held && { objectKey: held.objectKey }),
  }
}
