/** What accounts refuse. Answers to strangers say the same whatever the cause. */
import { AppError } from '../base/mod.ts'

/** The name or the password is not right; which of them, and whether the name exists, is not told. */
export class SignInRefused extends AppError {
  override readonly code = 'account.refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Check both, capital letters too.'
}

/** Too many attempts failed on this account or from this address. */
export class SignInTooOften extends AppError {
  override readonly code = 'account.try_later' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Wait and try again, or open a one-time link.'
  constructor(readonly retryAfterMs: number) {
    super('too many attempts failed')
  }
}

/** More passwords wait to be checked than this process takes on. */
export class SignInBusy extends AppError {
  override readonly code = 'account.busy' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Try again in a few seconds.'
  readonly retryAfterMs = 5_000
}

/** No session and no token, or one that is unknown, ended, expired or revoked. */
export class Unauthenticated extends AppError {
  override readonly code = 'account.unauthenticated' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Sign in, or send a valid API token.'
}

/** The user is known, but the role does not reach. */
export class RoleTooLow extends AppError {
  override readonly code = 'account.role_too_low' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Ask an owner to do it, or for another role.'
}

/** Users exist already: the first owner is made once. */
export class OwnerExists extends AppError {
  override readonly code = 'account.owner_exists' as const
  override readonly kind = 'conflict' as const
}

/** Names belong to one user each, whatever their case. */
export class AccountNameTaken extends AppError {
  override readonly code = 'account.name_taken' as const
  override readonly kind = 'conflict' as const
}

/** A name outside of the alphabet or length of names. */
export class AccountNameInvalid extends AppError {
  override readonly code = 'account.name_invalid' as const
  override readonly advice = 'Use 1 to 64 characters of a-z, 0-9 and . _ @ + -, a letter or digit first.'
}

/** No user has this id. */
export class AccountNotFound extends AppError {
  override readonly code = 'account.not_found' as const
  override readonly kind = 'not_found' as const
}

/** A new password is too short, too long, or the name of its user. */
export class PasswordUnfit extends AppError {
  override readonly code = 'account.password_unfit' as const
}

/** A one-time link that is unknown, used or expired; which of them is not told. */
export class LinkRefused extends AppError {
  override readonly code = 'account.link_refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice =
    'Links work once and for one hour. Until a password is set, each start of the server prints a new one.'
}

/** A token's name or expiry is out of bounds. */
export class ApiTokenUnfit extends AppError {
  override readonly code = 'api_token.unfit' as const
}

/** No token has this id, or no longer. */
export class ApiTokenNotFound extends AppError {
  override readonly code = 'api_token.not_found' as const
  override readonly kind = 'not_found' as const
}

/** No session of this user has this id, or no longer. */
export class SessionNotFound extends AppError {
  override readonly code = 'session.not_found' as const
  override readonly kind = 'not_found' as const
}
