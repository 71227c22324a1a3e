/**
 * Which files a library has, read from its content. To look costs an unpacking of up to 32 MiB, and everybody who signs in may look: so
 * one is unpacked at a time, and the lists of those that were looked at last are remembered.
 */
import { type Bytes, Slots } from '../../base/mod.ts'
import type { Library } from './libraries.ts'
import { type LibraryPackage, readPackage } from './package.ts'

/** 8 lists × 4,096 files × ≈ 350 B ≈ 11 MiB at worst. The one that was looked at longest ago goes first. */
export const LISTS_MAX = 8

type Files = LibraryPackage['files']

export class LibraryContents {
  readonly #read: (name: string, version: string) => Promise<Bytes>
  readonly #slots = new Slots(1)
  /** By content: what a hash stands for never changes. */
  readonly #remembered = new Map<string, Files>()

  /** `read` gives the file as it was installed. */
  constructor(read: (name: string, version: string) => Promise<Bytes>) {
    this.#read = read
  }

  /** Refuses what `read` refuses. */
  async of(library: Pick<Library, 'name' | 'version' | 'entry' | 'sha256'>): Promise<Files> {
    const known = this.#recall(library)
    if (known) return known
    // Whoever waited while the same was unpacked for another finds it now.
    return this.#slots.run(async () => this.#recall(library) ?? (await this.#unpack(library)))
  }

  #recall(library: Pick<Library, 'entry' | 'sha256'>): Files | undefined {
    const files = this.#remembered.get(keyOf(library))
    if (files) this.#remember(library, files)
    return files
  }

  async #unpack({ name, version, entry }: Pick<Library, 'name' | 'version' | 'entry'>): Promise<Files> {
    const read = await readPackage({ file: entry, content: await this.#read(name, version), name, version })
    // Under the hash of what was read: it may have been exchanged since it was asked for.
    this.#remember(read, read.files)
    return read.files
  }

  #remember(library: Pick<Library, 'entry' | 'sha256'>, files: Files): void {
    const key = keyOf(library)
    this.#remembered.delete(key)
    this.#remembered.set(key, files)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > LISTS_MAX && oldest !== undefined) this.#remembered.delete(oldest)
  }
}

/** A module's only file is called by its entry, so that the same content may be two lists. */
function keyOf({ entry, sha256 }: Pick<Library, 'entry' | 'sha256'>): string {
  return `${sha256} ${entry}`
}
