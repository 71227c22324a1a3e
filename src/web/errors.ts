/** What the edge of HTTP refuses, before any room is asked. */
import { AppError } from '../base/mod.ts'

/** One field that is not as it should be: where it is (dotted path), and what is wrong with it in words. Never a value that could be secret. */
export type FieldError = { path: string; message: string }

/** A body, query or form that does not have the documented form; `fields` names each thing that is wrong. */
export class RequestInvalid extends AppError {
  override readonly code = 'request.invalid' as const
  override readonly advice = 'Correct the named fields and send the request again.'
  readonly fields: readonly FieldError[]
  constructor(fields: readonly FieldError[], options?: ErrorOptions) {
    super(fields.map(({ path, message }) => `${path}: ${message}`).join('; '), options)
    this.fields = fields
  }
}

/** A body that is not JSON at all. */
export class RequestMalformed extends AppError {
  override readonly code = 'request.malformed' as const
  override readonly advice = 'Send the body as JSON in UTF-8.'
}

/** A body of another media type than the route reads. */
export class MediaTypeUnsupported extends AppError {
  override readonly code = 'request.media_type' as const
}

/** A body above the bound of its route. */
export class RequestTooLarge extends AppError {
  override readonly code = 'request.too_large' as const
  override readonly kind = 'limit' as const
  constructor(readonly bytesMax: number) {
    super(`the body is larger than the ${bytesMax} bytes that this address takes`)
  }
}

/** A request that would change something came from the page of another site. */
export class CrossSiteRefused extends AppError {
  override readonly code = 'request.cross_site' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Open the page here, at its own address, and do it again.'
}

/** A dangerous act without the name of what it is about, typed as it is. */
export class NotConfirmed extends AppError {
  override readonly code = 'request.not_confirmed' as const
  override readonly advice = 'Type the name exactly as the page shows it.'
}

/** No page and no route has this address. */
export class PageNotFound extends AppError {
  override readonly code = 'page.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Check the address, or start from the overview.'
}

/** More live pages are open than this process serves at a time. */
export class LiveStreamsExhausted extends AppError {
  override readonly code = 'live.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Close pages that you do not need; the page stays readable and tries again by itself.'
}
