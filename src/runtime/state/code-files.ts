/** Code files by content: parts as they arrive, the whole once its hash was checked. */
import { and, asc, eq, sql } from 'drizzle-orm'
import { type Bytes, concatBytes } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import { CodeMismatch, CodeNoRoom, CodeUnexpected } from '../errors.ts'
import type { RuntimeStore } from './database.ts'

/** A bundled script with its libraries; 8 MiB is sealed in chunks that each fit a message. */
export const CODE_BYTES_MAX = 8 * 1024 * 1024

/** 128 of the largest. Beyond it nothing is taken until what no deployment names was forgotten, within two hours. */
export const CODE_TOTAL_BYTES_MAX = 128 * CODE_BYTES_MAX

/**
 * Files that deployments were told to lack and that may still come: hash → bytes, ≈ 100 B each, so 400 KiB. As many as 16 of the
 * largest deployments name; the one that was asked for longest ago is forgotten, and asked for again with its deployment.
 */
export const CODE_EXPECTED_MAX = 4_096

export class CodeFiles {
  readonly #db: RuntimeStore
  readonly #totalBytesMax: number
  /** Asked for since files were last forgotten: a deployment that is being taken in may name them in a moment. */
  #asked = new Set<string>()
  /** What was named as lacking to the tenant, by hash: nothing else is taken, and not one byte more than it said. */
  readonly #expected = new Map<string, number>()
  /** What no deployment named then: hash → bytes. */
  #unnamed = new Map<string, number>()

  constructor(db: RuntimeStore, totalBytesMax = CODE_TOTAL_BYTES_MAX) {
    this.#db = db
    this.#totalBytesMax = totalBytesMax
  }

  get #table() {
    return this.#db.tables.runtimeCode
  }

  /** The file of this hash, if it is whole. */
  async find(sha256: string): Promise<Bytes | undefined> {
    const [row] = await this.#db
      .select()
      .from(this.#table)
      .where(and(eq(this.#table.sha256, sha256), eq(this.#table.whole, true)))
    return row?.content
  }

  /** The first bytes of it, for a look. */
  async beginning(sha256: string, bytesMax: number): Promise<Bytes | undefined> {
    const [row] = await this.#db
      .select({ content: sql`substr(${this.#table.content}, 1, ${bytesMax})`.mapWith(this.#table.content) })
      .from(this.#table)
      .where(and(eq(this.#table.sha256, sha256), eq(this.#table.whole, true)))
    return row?.content
  }

  /** Those of the files that are not here; from now on these are taken, each of exactly the bytes that are given. */
  async lacking(files: readonly { sha256: string; bytes: number }[]): Promise<string[]> {
    const lacking = new Set<string>()
    for (const { sha256, bytes } of files) {
      this.#asked.add(sha256)
      if (lacking.has(sha256) || (await this.#isWhole(sha256))) continue
      lacking.add(sha256)
      this.#expect(sha256, bytes)
    }
    return [...lacking]
  }

  /**
   * Takes a chunk and answers how many bytes are here without a gap. A chunk beyond the gap changes nothing. The last one
   * completes the file, or drops all of it if the whole does not match: `code.mismatch`. Refuses `code.no_room`, and
   * `code.unexpected` for what was not named as lacking.
   */
  async receive(chunk: { sha256: string; bytes: number; offset: number; content: Bytes }): Promise<number> {
    const { sha256, bytes, offset, content } = chunk
    if (bytes > CODE_BYTES_MAX || offset + content.byteLength > bytes) throw new CodeMismatch('the chunk is too large')
    if (await this.#isWhole(sha256)) return bytes
    if (this.#expected.get(sha256) !== bytes) throw new CodeUnexpected('this code was not asked for')
    await this.#checkRoom(content.byteLength)
    const received = await this.#received(sha256)
    if (offset !== received.byteLength) return received.byteLength
    const joined = concatBytes(received, content)
    if (joined.byteLength < bytes) {
      await this.#db.insert(this.#table).values({ sha256, offset, whole: false, content })
      return joined.byteLength
    }
    const matches = (await sha256Hex(joined)) === sha256
    await this.#db.transaction(async (tx) => {
      await tx.delete(this.#table).where(eq(this.#table.sha256, sha256))
      if (matches) await tx.insert(this.#table).values({ sha256, offset: 0, whole: true, content: joined })
    })
    if (!matches) throw new CodeMismatch('the code does not match its hash')
    this.#expected.delete(sha256)
    return bytes
  }

  /**
   * Forgets files, whole or in parts, that are not among the named: those of which the same was true the last time, that did not
   * grow and were not asked for since.
   */
  async forgetAllBut(named: ReadonlySet<string>): Promise<void> {
    const unnamed = new Map<string, number>()
    for (const { sha256, bytes } of await this.#sizes()) {
      if (named.has(sha256) || this.#asked.has(sha256)) continue
      if (this.#unnamed.get(sha256) === bytes) await this.#db.delete(this.#table).where(eq(this.#table.sha256, sha256))
      else unnamed.set(sha256, bytes)
    }
    this.#unnamed = unnamed
    this.#asked = new Set()
  }

  #expect(sha256: string, bytes: number): void {
    this.#expected.delete(sha256)
    for (const oldest of this.#expected.keys()) {
      if (this.#expected.size < CODE_EXPECTED_MAX) break
      this.#expected.delete(oldest)
    }
    this.#expected.set(sha256, bytes)
  }

  async #isWhole(sha256: string): Promise<boolean> {
    const table = this.#table
    const which = and(eq(table.sha256, sha256), eq(table.whole, true))
    return (await this.#db.select({ sha256: table.sha256 }).from(table).where(which)).length > 0
  }

  async #checkRoom(bytes: number): Promise<void> {
    const sizes = await this.#sizes()
    const kept = sizes.reduce((sum, file) => sum + file.bytes, 0)
    if (kept + bytes > this.#totalBytesMax) {
      throw new CodeNoRoom(`all code together has at most ${this.#totalBytesMax} bytes`)
    }
  }

  /** Bytes of each file that are here. */
  async #sizes(): Promise<{ sha256: string; bytes: number }[]> {
    const bytes = sql<number>`sum(length(${this.#table.content}))`.mapWith(Number)
    return this.#db.select({ sha256: this.#table.sha256, bytes }).from(this.#table).groupBy(this.#table.sha256)
  }

  async #received(sha256: string): Promise<Bytes> {
    const rows = await this.#db
      .select()
      .from(this.#table)
      .where(eq(this.#table.sha256, sha256))
      .orderBy(asc(this.#table.offset))
    return concatBytes(...rows.map((row) => row.content))
  }
}
