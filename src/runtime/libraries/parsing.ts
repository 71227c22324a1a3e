/** Parses what is to be installed in a process of its own: a parser of foreign text does not sit beside the keys. */
import { base64url, Slots } from '../../base/mod.ts'
import { errand } from '../supervision/errand.ts'
import type { LaunchWorker } from '../supervision/worker-process.ts'
import { LibrarySyntax } from './errors.ts'
import type { Install, LibraryPackage } from './package.ts'

/** Refuses `library.syntax`, and what an errand of a worker fails at. */
export type ParseLibrary = (install: Install, read: Pick<LibraryPackage, 'entry'>) => Promise<void>

/** One at a time: a text of 8 MiB may take 300 MB to parse. */
export function parsingBy(launch: LaunchWorker): ParseLibrary {
  const slots = new Slots(1)
  return (install, { entry }) =>
    slots.run(async () => {
      const body = { file: install.file, content: base64url(install.content), entry }
      const { fault } = await errand(launch, { what: 'parse', body })
      if (!fault) return
      const { path, line, column, message } = fault
      throw new LibrarySyntax(`${path} does not parse at line ${line}, column ${column}: ${message}`)
    })
}
