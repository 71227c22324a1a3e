/** What can go wrong with a credential's fields, its sources and its tokens. No message holds a value, nor what a program or a server said. */
import { AppError, type ErrorKind } from '../base/mod.ts'

/** A field is missing, unknown to the kind, or not of its form; `item` is the field. The value is not repeated. */
export class CredentialFieldInvalid extends AppError {
  override readonly code = 'credential.field_invalid' as const
  override readonly advice =
    'See the kinds with their fields with `sluice credential kinds`, or in docs/credentials.md.'
  readonly item: string
  constructor(item: string, expectation: string) {
    super(`the field ${item} ${expectation}`)
    this.item = item
  }
}

/** There is one of that name, and it was not said that it is to go. */
export class CredentialExists extends AppError {
  override readonly code = 'credential.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Take another name. To replace it, for good: --replace at the command line, or Replace on the page of the credential.'
}

/** There is no such kind of credential. */
export class CredentialKindUnknown extends AppError {
  override readonly code = 'credential.kind_unknown' as const
  override readonly advice =
    'See the kinds with their fields with `sluice credential kinds`, or in docs/credentials.md.'
}

/** As many credentials as a vault holds. */
export class CredentialsNoRoom extends AppError {
  override readonly code = 'credential.no_room' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove credentials that no deployment uses.'
}

/** A source that this Runtime's owner does not allow, or a place that no credential may come from. */
export class CredentialSourceForbidden extends AppError {
  override readonly code = 'credential.source_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'The setting `credential-sources` says which sources are allowed; Sluice’s own secrets never are.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** Nothing is where a field is to come from. */
export class CredentialSourceMissing extends AppError {
  override readonly code = 'credential.source_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Look whether the variable, the file or the member is there for the user that runs the Runtime.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** The command, or the file, gave no value: it failed, took too long, said too much or nothing that can be read. */
export class CredentialSourceFailed extends AppError {
  override readonly code = 'credential.source_failed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Run the command, or read the file, by hand as the user that runs the Runtime.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** The token endpoint gave no token; `item` is the error code of RFC 6749 §5.2, or why it could not be asked. */
export class CredentialTokenRefused extends AppError {
  override readonly code = 'credential.token_refused' as const
  override readonly kind: ErrorKind
  override readonly advice =
    'Check client, secret, scope and refresh token of the credential, and that its endpoint can be reached.'
  readonly item: string
  constructor(item: string, kind: 'invalid' | 'unavailable') {
    super(`the token endpoint gave no token (${item})`)
    this.item = item
    this.kind = kind
  }
}
