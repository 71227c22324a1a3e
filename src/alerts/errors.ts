/** What alerts refuse, by name. */
import { AppError } from '../base/mod.ts'

export class AlertChannelNotFound extends AppError {
  override readonly code = 'alert.channel_not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice alert list.'
}

/** Another channel has the name. */
export class AlertChannelExists extends AppError {
  override readonly code = 'alert.channel_exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Choose another name, or remove that channel first.'
}

/** More channels than are kept. */
export class AlertChannelsNoRoom extends AppError {
  override readonly code = 'alert.no_room' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove a channel that is not needed any more.'
}

/** The receiver of a webhook answered, and did not take it. */
export class AlertNotTaken extends AppError {
  override readonly code = 'alert.not_taken' as const
  override readonly kind = 'unavailable' as const
}

/** A mail server could not be reached, could not prove itself, or refused the mail. The code says which. */
export class AlertMailFailed extends AppError {
  override readonly code: 'alert.mail_unreachable' | 'alert.mail_untrusted' | 'alert.mail_login' | 'alert.mail_refused'
  override readonly kind = 'unavailable' as const
  constructor(code: AlertMailFailed['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
