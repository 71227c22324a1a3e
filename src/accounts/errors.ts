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

/** More users than one server keeps. */
export class AccountsTooMany extends AppError {
  override readonly code = 'account.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove users who do not come any more.'
}

/** Without this owner nobody could change anything here any more. */
export class LastOwner extends AppError {
  override readonly code = 'account.last_owner' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Make another user an owner first, and let them sign in once.'
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
  override readonly advice = 'See who there is with: sluice user list.'
}

/** A code of an authenticator or of recovery that is wrong or too old; which of them is not told. */
export class CodeRefused extends AppError {
  override readonly code = 'account.code_refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Wait for the next code, and compare the clocks of the phone and of the server.'
}

/** A code that was right, and is good once: it was taken before, or a later one was. Told after the first half of a sign-in only. */
export class CodeUsed extends AppError {
  override readonly code = 'account.code_used' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Wait for the next code: the authenticator shows it within 30 seconds.'
}

/** This user has an authenticator already. */
export class TotpEnrolled extends AppError {
  override readonly code = 'totp.enrolled' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Take the present one away first.'
}

/** This user has no authenticator, or none that waits for its first code. */
export class TotpMissing extends AppError {
  override readonly code = 'totp.missing' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Begin with a new authenticator.'
}

/** An owner demands an authenticator of everyone, and this user has none yet: nothing else goes before it. */
export class TotpDemanded extends AppError {
  override readonly code = 'totp.demanded' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Set up an authenticator on the page of your account.'
}

/** The confirmation lacks what this user signs in with: a code if there is an authenticator, else the password. */
export class ConfirmationUnfit extends AppError {
  override readonly code = 'account.confirmation_unfit' as const
  override readonly advice = 'Give the code of the authenticator or the password; who has neither signs in once more.'
}

/** A new password is too short, too long, or one that is guessed first: a common word, a run, a repetition, the name of its user. */
export class PasswordUnfit extends AppError {
  override readonly code = 'account.password_unfit' as const
  override readonly advice = 'Take four words or more that do not belong together, or what a password manager makes.'
}

/** A one-time link that is unknown, used or expired; which of them is not told. */
export class LinkRefused extends AppError {
  override readonly code = 'account.link_refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice =
    'Links work once and for one hour. An owner makes a new one; on the machine itself: sluice user link NAME.'
}

/** A token's name or expiry is out of bounds. */
export class ApiTokenUnfit extends AppError {
  override readonly code = 'api_token.unfit' as const
}

/** More tokens than one user may have. */
export class ApiTokensTooMany extends AppError {
  override readonly code = 'api_token.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Revoke those that are not used any more.'
}

/** No token has this id, or no longer. */
export class ApiTokenNotFound extends AppError {
  override readonly code = 'api_token.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice api-token list.'
}

/** No session of this user has this id, or no longer. */
export class SessionNotFound extends AppError {
  override readonly code = 'session.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice session list.'
}

/** The id of a data tenant is not one. */
export class DataTenantInvalid extends AppError {
  override readonly code = 'data_tenant.invalid' as const
}

/** The user is no member of this data tenant. */
export class MembershipNotFound extends AppError {
  override readonly code = 'data_tenant.not_member' as const
  override readonly kind = 'not_found' as const
}

/** Without this owner nobody could change anything in the data tenant any more. */
export class DataTenantLastOwner extends AppError {
  override readonly code = 'data_tenant.last_owner' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Make another member an owner first.'
}

/** The settings of the OpenID provider are not of use. */
export class OidcUnfit extends AppError {
  override readonly code = 'oidc.unfit' as const
}

/** No OpenID provider is set up. */
export class OidcMissing extends AppError {
  override readonly code = 'oidc.missing' as const
  override readonly kind = 'not_found' as const
}

/** The provider's answer was not one that a sign-in begun here may have; which check it failed stands in the log. */
export class OidcRefused extends AppError {
  override readonly code = 'oidc.refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Begin again from the sign-in page of this address, in the same browser.'
}

/** The provider did not answer, or not as one. */
export class OidcUnreachable extends AppError {
  override readonly code = 'oidc.unreachable' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Try again; an owner can still sign in by password or by a one-time link.'
}

/** The provider vouches for the person, but nobody here has let them in. */
export class OidcNotAllowed extends AppError {
  override readonly code = 'oidc.not_allowed' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Ask an owner for an account.'
}

/** This account at the provider belongs to another user here. */
export class IdentityTaken extends AppError {
  override readonly code = 'oidc.identity_taken' as const
  override readonly kind = 'conflict' as const
}
