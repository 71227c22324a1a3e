/** Tries again what may work in a while, as long as a pipeline may wait. */
import { AppError, type Clock, type Random, retry } from '../../base/mod.ts'
import type { Access } from '../access.ts'
import { ApiRefused } from '../client.ts'

/** Six tries, up to 20 s apart: a Runtime that starts anew, or has no room for a moment. */
const RETRIES = { attemptsMax: 6, firstMs: 500, longestMs: 20_000 }

export type UploadDeps = { access: Access; clock: Clock; random: Random; signal: AbortSignal }

export function persistently<T>({ clock, random, signal }: UploadDeps, attempt: () => Promise<T>): Promise<T> {
  return retry(attempt, {
    ...RETRIES,
    clock,
    random,
    signal,
    retryable: (error) => !signal.aborted && isPassing(error),
  })
}

/** Whether the same may work in a while: nobody answered, there is no room now, too many ask. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiRefused) return error.status === 429 || error.status >= 500
  return error instanceof AppError && error.kind === 'unavailable'
}
