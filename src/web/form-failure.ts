/** What a form's page is given when its act was refused: words for the top, words beside each field, and the status. */
import { AppError } from '../base/mod.ts'
import { NotConfirmed, RequestInvalid } from './errors.ts'
import type { Failure } from './form.tsx'
import { problemOf } from './problem.ts'
import { sentence } from './words.tsx'

/** Field → what is wrong with it. */
export type FieldErrors = Readonly<Record<string, string>>
/** What a form is rendered again with: `failure` above it, `errors` beside its fields. */
export type FormFailure = {
  status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503
  failure?: Failure
  errors: FieldErrors
}

/** Faults of ours, and what nobody named, are thrown on: they have a page of their own. */
export function formFailure(error: unknown): FormFailure {
  if (!(error instanceof AppError) || error.kind === 'internal') throw error
  const status = problemOf(error).status as FormFailure['status']
  if (error instanceof RequestInvalid) {
    return { status, errors: Object.fromEntries(error.fields.map(({ path, message }) => [path, message])) }
  }
  if (error instanceof NotConfirmed) return { status, errors: { typed: sentence(error.message) } }
  return { status, failure: { message: error.message, advice: error.advice }, errors: {} }
}
