/** The failures that the pipeline names. Components' own stand beside their component. */
import { AppError, Cancelled, codeOf } from '../base/mod.ts'
import type { Reason } from '../wire/mod.ts'

/** A component's config does not pass its schema; `item` is where in it. */
export class ConfigInvalid extends AppError {
  override readonly code = 'pipeline.config_invalid' as const
  override readonly advice = 'See `sluice blueprint lint`; the catalogue has the fields of each component type.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** The components of a flow do not fit together: an unknown name, a circle, a source with an input. `item` is the component. */
export class WiringInvalid extends AppError {
  override readonly code = 'pipeline.wiring_invalid' as const
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

/** A component failed, and with it the flow. `reason` has the code of the cause; the cause itself may hold content and stays here. */
export class ComponentFailed extends AppError {
  override readonly code = 'pipeline.component_failed' as const
  override readonly kind = 'unavailable' as const
  readonly component: string
  readonly reason: Reason
  constructor(component: string, cause: unknown, places: readonly string[] = []) {
    super(`component ${component} failed (${codeOf(cause)})`, { cause })
    this.component = component
    this.reason = reasonOf(cause, places)
  }
}

/** A batch that came over a wire is not what its header says. */
export class BatchMalformed extends AppError {
  override readonly code = 'pipeline.batch_malformed' as const
}

/** Rows were asked for of records some of which do not decode. Components go through `soundRows`, which refuses those first. */
export class RecordsUnsound extends AppError {
  override readonly code = 'pipeline.records_unsound' as const
  override readonly kind = 'internal' as const
}

/**
 * The stable code of a failure, and what it is about: the item that the error names, and the places of its component, in the words of
 * its config. Never content, and not the name of a file that a wildcard has found.
 */
export function reasonOf(error: unknown, places: readonly string[] = []): Reason {
  const code = codeOf(error)
  const named = error instanceof AppError && 'item' in error && typeof error.item === 'string' ? error.item : undefined
  const where = named !== undefined && places.includes(named) ? '' : places.join(', ')
  const item = [named, where].filter(Boolean).join(' at ')
  return item === '' ? { code } : { code, item: item.slice(0, 256) }
}

/** What an error may say of itself where its kind, which is made for those who ask over HTTP, says something else. */
type OwnWord = { readonly retryable: boolean }

/**
 * Whether the same again may work by itself later. An error that has a `retryable` says so itself; else only what is `unavailable`
 * is: something outside that did not answer. A bound (`limit`) that was reached once is reached by the same thing again.
 */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof AppError) || error instanceof Cancelled) return false
  return saysItself(error) ? error.retryable : error.kind === 'unavailable'
}

function saysItself(error: AppError): error is AppError & OwnWord {
  return 'retryable' in error && typeof error.retryable === 'boolean'
}
