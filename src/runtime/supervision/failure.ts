/** A failure as its owner reads it: only our own words, since those of drivers may quote what they were given. */
import { AppError, codeOf } from '../../base/mod.ts'
import { FAILURE_WORDS_MAX, type Failure } from '../../wire/mod.ts'

export function failureOf(error: unknown): Failure {
  if (!(error instanceof AppError)) return { code: codeOf(error) }
  const { code, message, advice } = error
  return {
    ...{ code, message: message.slice(0, FAILURE_WORDS_MAX) },
    ...(advice !== undefined && { advice: advice.slice(0, FAILURE_WORDS_MAX) }),
  }
}
