/** What people do with libraries: install, look, remove; with a trace of each act, and a word on who uses which. */
import { recorded, type Trail } from '../../audit/mod.ts'
import { type Bytes, Turns } from '../../base/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { ComponentUsage, type ComponentUse, usersOf } from '../deployments/usage.ts'
import type { Assignments } from '../state/assignments.ts'
import { LibraryInUse } from './errors.ts'
import type { Libraries, Library } from './libraries.ts'
import { LibraryContents } from './library-contents.ts'
import { type Install, type LibraryPackage, readPackage } from './package.ts'
import type { ParseLibrary } from './parsing.ts'

export type LibraryDeskDeps = {
  libraries: Libraries
  trail: Pick<Trail, 'record'>
  assignments: Pick<Assignments, 'list' | 'open'>
  types: ComponentTypes
  parse: ParseLibrary
  /** Told after every change. */
  onChange: () => void
}

export type UsedLibrary = Library & { uses: readonly ComponentUse[] }

export class LibraryDesk {
  readonly #deps: LibraryDeskDeps
  readonly #usage: ComponentUsage
  readonly #contents = new LibraryContents((name, version) => this.content(name, version))
  /** One act at a time, with what it looks at first. */
  readonly #turns = new Turns()

  constructor(deps: LibraryDeskDeps) {
    this.#deps = deps
    this.#usage = new ComponentUsage({ ...deps, names: ({ libraries }) => libraries })
  }

  async list(): Promise<{ libraries: UsedLibrary[]; notAuthentic: string[] }> {
    const uses = await this.#usage.all()
    const { installed, notAuthentic } = await this.#deps.libraries.list()
    return {
      libraries: installed.map((one) => ({ ...one, uses: uses.get(spelled(one)) ?? [] })),
      notAuthentic: notAuthentic.map(spelled),
    }
  }

  /** Refuses `library.not_found`. */
  async find(name: string, version: string): Promise<UsedLibrary> {
    const found = await this.#deps.libraries.find(name, version)
    return { ...found, uses: await this.#usage.of(spelled(found)) }
  }

  /** Its files, read from its content the first time. Refuses `library.not_found` and `library.damaged`. */
  async contents(name: string, version: string): Promise<LibraryPackage['files']> {
    return this.#contents.of(await this.#deps.libraries.find(name, version))
  }

  content(name: string, version: string): Promise<Bytes> {
    return this.#deps.libraries.content(name, version)
  }

  /** Reads the file, and keeps it: nothing of it is run. Refuses `library.malformed`, `.syntax`, `.too_large`, `.exists`, `.no_room`. */
  async install(install: Install, actor: string): Promise<Library> {
    const { libraries, trail, onChange } = this.#deps
    const read = await readPackage(install)
    await this.#deps.parse(install, read)
    const act = { actor, action: 'library.installed', subject: spelled(read), detail: { sha256: read.sha256 } }
    const installed = await this.#turns.run(() =>
      recorded(trail, act, () => libraries.install(read, install.content, actor)),
    )
    onChange()
    return installed
  }

  /** Refuses `library.not_found`, and `library.in_use` for as long as something in force, ended or not, or something that waits, names it. */
  async remove(name: string, version: string, actor: string): Promise<void> {
    const { libraries, trail, onChange } = this.#deps
    const subject = spelled({ name, version })
    await this.#turns.run(async () => {
      const uses = await this.#usage.of(subject)
      if (uses.length > 0) throw new LibraryInUse(`${subject} is used by ${usersOf(uses)}`)
      await recorded(trail, { actor, action: 'library.removed', subject }, () => libraries.remove(name, version))
    })
    onChange()
  }
}

/** How Blueprints, approvals and the trail spell one. */
export function spelled({ name, version }: Pick<Library, 'name' | 'version'>): string {
  return `${name}@${version}`
}
