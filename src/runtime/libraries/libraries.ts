/** The libraries that are installed: what each says of itself, and its file byte for byte as it was installed. */
import { and, asc, count, eq, notInArray, sum } from 'drizzle-orm'
import { type Bytes, type Clock, canonicalJson, concatBytes } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import { yieldToFinalisers } from '../../store/mod.ts'
import { RowNotAuthentic } from '../errors.ts'
import type { RuntimeStore } from '../state/database.ts'
import type { RowMac } from '../state/row-mac.ts'
import { LibraryDamaged, LibraryExists, LibraryNoRoom, LibraryNotFound } from './errors.ts'
import { LIBRARY_BYTES_MAX, type LibraryPackage } from './package.ts'

/** As many as an inventory names, and 256 MiB of files: 32 of the largest. */
export const LIBRARIES_MAX = 1_024
export const TOTAL_BYTES_MAX = 32 * LIBRARY_BYTES_MAX
/** Written in a millisecond or two, with a turn of the loop in between; a whole of 8 MiB at once would hold heartbeats up. */
const PART_BYTES = 262_144

export type Library = Omit<LibraryPackage, 'files'> & {
  /** Of the file as it was installed. */
  bytes: number
  /** Of what it unpacks to. */
  files: { count: number; bytes: number }
  installedBy: string
  installedAtMs: number
}

/** The database, or a transaction of it. */
type Within = Pick<RuntimeStore, 'select' | 'insert' | 'delete'>
type Stored = Omit<RuntimeStore['tables']['runtimeLibraries']['$inferSelect'], 'mac'>

export class Libraries {
  readonly #db: RuntimeStore
  readonly #mac: RowMac
  readonly #clock: Clock
  readonly #totalBytesMax: number

  constructor(deps: { db: RuntimeStore; mac: RowMac; clock: Clock; totalBytesMax?: number }) {
    this.#db = deps.db
    this.#mac = deps.mac
    this.#clock = deps.clock
    this.#totalBytesMax = deps.totalBytesMax ?? TOTAL_BYTES_MAX
  }

  /**
   * Keeps a package; the same content once more changes nothing. Refuses `library.exists` for another content under its name and
   * version, and `library.no_room`.
   */
  async install(read: LibraryPackage, content: Bytes, installedBy: string): Promise<Library> {
    const { name, version, sha256, entry } = read
    const files = { count: read.files.length, bytes: read.files.reduce((total, file) => total + file.bytes, 0) }
    const row = {
      ...{ name, version, sha256, entry, installedBy, bytes: content.byteLength, installedAtMs: this.#clock.now() },
      ...{ dependencies: canonicalJson(read.dependencies), files: canonicalJson(files) },
    }
    return this.#db.transaction(async (tx) => {
      const known = await this.#row(tx, name, version)
      if (known && known.sha256 !== sha256)
        throw new LibraryExists(`${name}@${version} is installed with another content`)
      if (known) return libraryOf(known)
      await this.#checkRoom(tx, content.byteLength)
      await this.#writeParts(tx, sha256, content)
      await tx.insert(this.#table).values({ ...row, mac: await this.#mac.of('libraries', row) })
      return libraryOf(row)
    })
  }

  /** All versions of all libraries, by name; `notAuthentic`: rows that something else wrote. They count for nothing and can be removed. */
  async list(): Promise<{ installed: Library[]; notAuthentic: Pick<Library, 'name' | 'version'>[] }> {
    const rows = await this.#db
      .select()
      .from(this.#table)
      .orderBy(asc(this.#table.name), asc(this.#table.installedAtMs))
    const installed: Library[] = []
    const notAuthentic: Pick<Library, 'name' | 'version'>[] = []
    for (const { mac, ...row } of rows) {
      try {
        await this.#mac.check('libraries', row, mac)
        installed.push(libraryOf(row))
      } catch (error) {
        if (!(error instanceof RowNotAuthentic)) throw error
        notAuthentic.push({ name: row.name, version: row.version })
      }
    }
    return { installed, notAuthentic }
  }

  /** Refuses `library.not_found`. */
  async find(name: string, version: string): Promise<Library> {
    const row = await this.#row(this.#db, name, version)
    if (!row) throw new LibraryNotFound(`there is no library ${name}@${version}`)
    return libraryOf(row)
  }

  /** The file as it was installed. Refuses `library.not_found`, and `library.damaged` when its hash is another one by now. */
  async content(name: string, version: string): Promise<Bytes> {
    const { sha256 } = await this.find(name, version)
    // Row and parts by one statement: what is removed meanwhile is there as a whole, or not at all.
    const parts = await this.#db
      .select({ content: this.#parts.content })
      .from(this.#parts)
      .innerJoin(this.#table, eq(this.#table.sha256, this.#parts.sha256))
      .where(this.#named(name, version))
      .orderBy(asc(this.#parts.offset))
    if (parts.length === 0) await this.find(name, version)
    const content = concatBytes(...parts.map((part) => part.content))
    if ((await sha256Hex(content)) !== sha256) throw new LibraryDamaged(`${name}@${version} is not as it was installed`)
    return content
  }

  /** Takes one away, and its content if no other version has the same. Whether it is used is the caller's to know. */
  remove(name: string, version: string): Promise<void> {
    return this.#db.transaction(async (tx) => {
      const [removed] = await tx.delete(this.#table).where(this.#named(name, version)).returning()
      if (!removed) throw new LibraryNotFound(`there is no library ${name}@${version}`)
      await this.#sweep(tx)
    })
  }

  /** Takes away contents that no library names: what was installed part by part before, and cut off, left some. */
  sweep(): Promise<void> {
    return this.#db.transaction((tx) => this.#sweep(tx))
  }

  get #table() {
    return this.#db.tables.runtimeLibraries
  }

  get #parts() {
    return this.#db.tables.runtimeLibraryParts
  }

  async #row(from: Within, name: string, version: string) {
    const [found] = await from.select().from(this.#table).where(this.#named(name, version))
    if (!found) return undefined
    const { mac, ...row } = found
    await this.#mac.check('libraries', row, mac)
    return row
  }

  async #sweep(tx: Within): Promise<void> {
    const named = tx.select({ sha256: this.#table.sha256 }).from(this.#table)
    await tx.delete(this.#parts).where(notInArray(this.#parts.sha256, named))
  }

  async #writeParts(tx: Within, sha256: string, content: Bytes): Promise<void> {
    for (let offset = 0; offset < content.byteLength; offset += PART_BYTES) {
      const part = { sha256, offset, content: content.slice(offset, offset + PART_BYTES) }
      await tx.insert(this.#parts).values(part).onConflictDoNothing()
      await yieldToFinalisers()
    }
  }

  async #checkRoom(tx: Within, bytes: number): Promise<void> {
    const [kept] = await tx.select({ count: count(), bytes: sum(this.#table.bytes).mapWith(Number) }).from(this.#table)
    if ((kept?.count ?? 0) >= LIBRARIES_MAX)
      throw new LibraryNoRoom(`there are ${LIBRARIES_MAX} libraries, as many as are kept`)
    if ((kept?.bytes ?? 0) + bytes > this.#totalBytesMax) {
      throw new LibraryNoRoom(`all libraries together have at most ${this.#totalBytesMax} bytes`)
    }
  }

  #named(name: string, version: string) {
    return and(eq(this.#table.name, name), eq(this.#table.version, version))
  }
}

function libraryOf(row: Stored): Library {
  const { name, version, sha256, bytes, entry, installedBy, installedAtMs } = row
  const parsed = { dependencies: JSON.parse(row.dependencies), files: JSON.parse(row.files) }
  return { name, version, sha256, bytes, entry, installedBy, installedAtMs, ...parsed }
}
