/** What the servers refuse by themselves. */
import { AppError } from '../base/mod.ts'

/** A dangerous act, asked by a session whose person has not proved themselves lately. Browsers are led to the page that asks again. */
export class ConfirmFirst extends AppError {
  override readonly code = 'account.confirm_first' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Confirm that it is you, and do it again.'
}

/** A form that was held while its person confirmed came without what could not be held, and its page does not ask for that again. */
export class FormIncomplete extends AppError {
  override readonly code = 'request.incomplete' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Go back to the page, and send the form again.'
}

/** How a person signs in is changed in a session of theirs: a token speaks for them, and may be in other hands. */
export class SessionNeeded extends AppError {
  override readonly code = 'account.session_needed' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Sign in on the pages, and open “Your account”.'
}

/** What the token of the machine's own command can do hangs on its name: no other is given it. */
export class TokenNameReserved extends AppError {
  override readonly code = 'api_token.name_reserved' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Give the token another name.'
}

/** `/metrics` was asked without its token, or with one that holds no more. */
export class MetricsTokenRefused extends AppError {
  override readonly code = 'metrics_token.refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Make a token with: sluice metrics-token create.'
}

/** There is no token for `/metrics` to be taken back. */
export class MetricsTokenMissing extends AppError {
  override readonly code = 'metrics_token.none' as const
  override readonly kind = 'not_found' as const
}

/** One user changes things faster than the audit trail should grow. */
export class WritesTooOften extends AppError {
  override readonly code = 'request.too_often' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Wait, or ask an owner to do it.'
  constructor(readonly retryAfterMs: number) {
    super('this user has changed too much in too short a time')
  }
}

/** An owner of the server would make themselves, or somebody else, a member of a data tenant that has owners of its own. */
export class DataTenantOwned extends AppError {
  override readonly code = 'data_tenant.owned' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Ask an owner of the data tenant.'
}
