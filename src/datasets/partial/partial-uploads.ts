/**
 * Uploads that come in pieces, as large ones do over lines that break: what has come is kept, and the sender goes on from there. Each
 * piece is a sealed file, durable before it is counted; once all have come they are taken as one document, and only then the last piece
 * is acknowledged.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { base64url, type Clock, codeOf, fromBase64url, KeyedTurns, newId, type Random } from '../../base/mod.ts'
import { removeFolder } from '../../host/mod.ts'
import type { DatasetId, ImportId, PartialUpload, PartialUploadId } from '../../wire/mod.ts'
import {
  PartialUploadNotFound,
  PartialUploadOffset,
  PartialUploadPieces,
  PartialUploadsTooMany,
  UploadCutOff,
  UploadTooLarge,
} from '../errors.ts'
import { type Taken, UPLOAD_BYTES_MAX } from '../intake/taken.ts'
import { objectPath, readObject, writeObject } from '../raw/objects.ts'
import type { TenantAccess } from '../worker/tenant-access.ts'
import { untilStopped } from './until-stopped.ts'

/** What nothing came of for a day is forgotten. */
const KEPT_MS = 24 * 60 * 60_000
/** A crash loses what came after the last full piece: at most so much has to be sent again. */
const PIECE_BYTES = 67_108_864
/** 80 full ones are 5 GiB; the others are for lines that break. */
export const PIECES_MAX = 1_024

/** `offset`: bytes that are durable. `import`: all had come, and this became of them. Instants are ms since 1970. */
export type PartialState = {
  id: PartialUploadId
  bytes: number
  offset: number
  expiresAtMs: number
  import?: ImportId
}
/** What a sender says of its document. */
export type PartialAbout = Omit<Taken, 'content'>

export type PartialUploadsDeps = {
  /** Where the pieces of this tenant are. */
  folder: string
  access: Pick<TenantAccess, 'ask'>
  /** Takes the whole; as `TenantData.take`. */
  take(dataset: DatasetId, document: Taken): Promise<{ import: ImportId }>
  clock: Clock
  random: Random
}

export class PartialUploads {
  readonly #deps: PartialUploadsDeps
  readonly #turns = new KeyedTurns()
  /** Of what is coming in now. */
  readonly #stops = new Map<PartialUploadId, AbortController>()

  constructor(deps: PartialUploadsDeps) {
    this.#deps = deps
  }

  /**
   * Begins one of that many bytes, or finds the one that was begun with the same idempotency key. Refuses `upload.too_large`,
   * `upload.too_many_partial`, `dataset.not_found`.
   */
  async begin(dataset: DatasetId, bytes: number, about: PartialAbout): Promise<PartialState> {
    if (bytes > UPLOAD_BYTES_MAX) throw new UploadTooLarge(`an upload has ${UPLOAD_BYTES_MAX} bytes at most`)
    const { access, clock, random } = this.#deps
    const nowMs = clock.now()
    const { encoding, contentType, fileName, attributes = {}, token, idempotencyKey } = about
    const asked = access.ask('writer', 'begin-partial', {
      ...{ dataset, upload: newId('upl', clock, random), nowMs, forgottenBeforeMs: nowMs - KEPT_MS, bytes },
      about: {
        attributes,
        ...(encoding !== undefined && { encoding }),
        ...(contentType !== undefined && { contentType }),
        ...(fileName !== undefined && { fileName }),
        ...(token !== undefined && { token }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      },
    })
    const begun = await asked.catch((error) => {
      // From another process only its code and words come.
      throw codeOf(error) === 'upload.too_many_partial' ? new PartialUploadsTooMany(error.message) : error
    })
    return bytes === 0 ? this.find(dataset, begun.id) : stateOf(begun)
  }

  /** How far one is. What is coming in for it on another connection is cut off there, and counts. Refuses `upload.not_found`. */
  find(dataset: DatasetId, id: PartialUploadId): Promise<PartialState> {
    return this.#alone(id, async () => stateOf(await this.#ended(dataset, await this.#demand(dataset, id))))
  }

  /**
   * Takes what comes from `offset` on; resolves when it is durable, and when it was the last, when the whole is taken. A `content` that
   * breaks off is kept as far as it came. Refuses `upload.not_found`, `upload.offset`, `upload.too_large`, `upload.too_many_pieces`, and
   * at the end what `TenantData.take` refuses.
   */
  append(
    dataset: DatasetId,
    id: PartialUploadId,
    { offset, content }: { offset: number; content: AsyncIterable<Uint8Array> },
  ): Promise<PartialState> {
    return this.#alone(id, async (signal) => {
      const upload = await this.#demand(dataset, id)
      if (upload.offset !== offset) {
        throw new PartialUploadOffset(`the upload goes on at ${upload.offset}, not at ${offset}`)
      }
      if (upload.import === undefined) await this.#takeIn(dataset, upload, untilStopped(content, signal))
      return stateOf(await this.#ended(dataset, upload))
    })
  }

  /** Forgets one with all that came of it. Refuses `upload.not_found`. */
  remove(dataset: DatasetId, id: PartialUploadId): Promise<void> {
    return this.#alone(id, async () => {
      await this.#forget(dataset, (await this.#demand(dataset, id)).id)
    })
  }

  /** Resolves when nothing comes in any more: what does is cut off, and kept as far as it came. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.values()) stop.abort()
    await this.#turns.idle()
  }

  /** One thing at a time with each upload; whoever comes later has the line that works. */
  #alone<T>(id: PartialUploadId, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#stops.get(id)?.abort()
    return this.#turns.run(id, async () => {
      const stop = new AbortController()
      this.#stops.set(id, stop)
      try {
        return await work(stop.signal)
      } finally {
        this.#stops.delete(id)
      }
    })
  }

  async #demand(dataset: DatasetId, id: PartialUploadId): Promise<PartialUpload> {
    const { access, clock } = this.#deps
    const { found } = await access.ask('writer', 'find-partial', { dataset, upload: id })
    // A backup has no pieces: what was under way when it was made is begun anew.
    if (found && found.usedAtMs > clock.now() - KEPT_MS && (await this.#hasPieces(found))) return found
    if (found) await this.#forget(dataset, id)
    throw new PartialUploadNotFound('there is no such upload under way')
  }

  async #hasPieces({ id, keys }: PartialUpload): Promise<boolean> {
    if (keys.length === 0) return true
    const last = objectPath(this.#folderOf(id), String(keys.length - 1))
    return stat(last).then(
      () => true,
      () => false,
    )
  }

  async #takeIn(dataset: DatasetId, upload: PartialUpload, content: AsyncGenerator<Uint8Array, void>): Promise<void> {
    try {
      for (let next = await content.next(); !next.done; next = await content.next()) {
        if (upload.keys.length >= PIECES_MAX) {
          throw new PartialUploadPieces(`the upload came in ${PIECES_MAX} pieces, as many as one may have`)
        }
        await this.#addPiece(dataset, upload, content, next.value)
      }
    } catch (error) {
      // The line broke: the sender asks how far it came.
      if (!(error instanceof UploadCutOff)) throw error
    } finally {
      await content.return()
    }
  }

  /** Writes what comes into the next file, and counts it once it is durable. */
  async #addPiece(
    dataset: DatasetId,
    upload: PartialUpload,
    content: AsyncGenerator<Uint8Array, void>,
    first: Uint8Array,
  ): Promise<void> {
    const { access, clock, random } = this.#deps
    const folder = this.#folderOf(upload.id)
    const place = String(upload.keys.length)
    const key = random(32)
    const room = upload.bytes - upload.offset
    let bytes = 0
    let cut: UploadCutOff | undefined
    async function* piece(): AsyncGenerator<Uint8Array, void> {
      for (let chunk: Uint8Array | undefined = first; chunk; ) {
        bytes += chunk.byteLength
        if (bytes > room) throw new UploadTooLarge('more came than the upload has')
        yield chunk
        if (bytes >= PIECE_BYTES) return
        const next = await content.next().catch((error) => {
          if (!(error instanceof UploadCutOff)) throw error
          cut = error
        })
        chunk = next?.value ?? undefined
      }
    }
    try {
      // One that a crash left uncounted has no key any more.
      await rm(objectPath(folder, place), { force: true })
      await writeObject(folder, { id: place, key }, piece())
      const offset = upload.offset + bytes
      const grown = { dataset, upload: upload.id, nowMs: clock.now(), offset, key: base64url(key) }
      await access.ask('writer', 'grow-partial', grown)
      upload.keys.push(grown.key)
      upload.offset = offset
    } finally {
      key.fill(0)
    }
    if (cut) throw cut
  }

  /** Takes the whole as one document once all has come; whoever asks again finds it taken. */
  async #ended(dataset: DatasetId, upload: PartialUpload): Promise<PartialUpload> {
    if (upload.import !== undefined || upload.offset < upload.bytes) return upload
    const { about, id } = upload
    const document = { ...about, content: this.#whole(upload), idempotencyKey: about.idempotencyKey ?? `tus/${id}` }
    const taken = await this.#deps.take(dataset, document)
    await this.#deps.access.ask('writer', 'end-partial', { dataset, upload: id, import: taken.import })
    await removeFolder(this.#folderOf(id))
    return { ...upload, import: taken.import }
  }

  async *#whole({ id, keys }: PartialUpload): AsyncGenerator<Uint8Array, void> {
    for (const [place, key] of keys.entries()) {
      const file = { id: String(place), key: fromBase64url(key) }
      yield* readObject(objectPath(this.#folderOf(id), file.id), file)
    }
  }

  async #forget(dataset: DatasetId, id: PartialUploadId): Promise<void> {
    await this.#deps.access.ask('writer', 'remove-partial', { dataset, upload: id })
    await removeFolder(this.#folderOf(id))
  }

  #folderOf(id: PartialUploadId): string {
    return join(this.#deps.folder, id)
  }
}

/** Removes the pieces of uploads that are forgotten, of a tenant whose database nobody need open for it. */
export async function removeForgotten(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const own = join(folder, name)
    const changed = await stat(own).catch(() => undefined)
    // An hour more than a database remembers them, so that none goes while it is being gone on with.
    if (changed && changed.mtimeMs < nowMs - KEPT_MS - 3_600_000) await removeFolder(own)
  }
}

function stateOf({ id, bytes, offset, usedAtMs, import: imported }: PartialUpload): PartialState {
  return { id, bytes, offset, expiresAtMs: usedAtMs + KEPT_MS, ...(imported !== undefined && { import: imported }) }
}
