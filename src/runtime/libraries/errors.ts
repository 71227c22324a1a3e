/** What a library is refused for, by name. */
import { AppError } from '../../base/mod.ts'

/** The file is neither a module nor an npm tarball that can be trusted to be one; the message says what is wrong with it. */
export class LibraryMalformed extends AppError {
  override readonly code = 'library.malformed' as const
  override readonly advice = 'Install a .js or .ts module, or a tarball as `npm pack` makes it.'
}

/** A module of it is neither JavaScript nor TypeScript; the message says in which file, line and column. */
export class LibrarySyntax extends AppError {
  override readonly code = 'library.syntax' as const
  override readonly advice = 'Mend the module, or install it as its author publishes it; macros are not taken.'
}

/** The file, or what it unpacks to, is beyond a bound. */
export class LibraryTooLarge extends AppError {
  override readonly code = 'library.too_large' as const
  override readonly kind = 'limit' as const
}

/** There is another content under this name and version. */
export class LibraryExists extends AppError {
  override readonly code = 'library.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Give the new content a new version: what was approved is never exchanged under its name.'
}

/** As many libraries as are kept, or as many bytes. */
export class LibraryNoRoom extends AppError {
  override readonly code = 'library.no_room' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove versions that nothing uses.'
}

export class LibraryNotFound extends AppError {
  override readonly code = 'library.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice library list.'
}

/** Deployments use it: it stays for as long as they do. One whose flow has ended does too, since it can start again without being asked. */
export class LibraryInUse extends AppError {
  override readonly code = 'library.in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Stop the deployments that use it first.'
}

/** What is stored is not what was installed: the database was changed by something else. */
export class LibraryDamaged extends AppError {
  override readonly code = 'library.damaged' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'Remove it and install it again from its file.'
}
