/** The root of every failure that Sluice names: a stable code, a kind that the edges translate, and what to do about it. */

/**
 * What sort of failure it is. Edges translate it once: `web/problem.ts` to an HTTP status, `cli/exit.ts` to an exit code.
 * - `invalid`: what was given is wrong · `unauthenticated`: no or no valid proof of who asks · `forbidden`: known, but not allowed
 * - `not_found` · `conflict`: it exists, is in use, or was changed meanwhile · `limit`: a bound was reached
 * - `unavailable`: something outside did not answer; trying again may help · `internal`: a fault of ours
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'limit'
  | 'unavailable'
  | 'internal'

/** Base of all named errors. Subclasses set `code` (stable, `noun.reason`), `kind`, and often `advice` (one sentence: what to do). */
export abstract class AppError extends Error {
  abstract readonly code: string
  readonly kind: ErrorKind = 'invalid'
  readonly advice: string | undefined = undefined
  override get name(): string {
    return this.constructor.name
  }
}

/** A state that the code itself rules out. Reaching it is a fault of Sluice, never of its user. */
export class Unreachable extends AppError {
  override readonly code = 'internal.unreachable' as const
  override readonly kind = 'internal' as const
}

/** An operation ended because its signal was aborted. */
export class Cancelled extends AppError {
  override readonly code = 'internal.cancelled' as const
  override readonly kind = 'unavailable' as const
}

/** The text of anything thrown, for a line of a log: code and message of our errors, the message of others. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

/** The stable code of anything thrown; `internal.unexpected` for what Sluice did not name. Never carries content. */
export function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'internal.unexpected'
}
