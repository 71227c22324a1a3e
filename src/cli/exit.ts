/** How a failure leaves the command: one line on standard error with its code and what to do, and an exit code that says what kind it was. */
import { AppError, codeOf, type ErrorKind, printable } from '../base/mod.ts'

/** Exit code of each kind of failure; `sluice --help` and docs/cli.md list them. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  internal: 1,
  invalid: 2,
  unauthenticated: 3,
  forbidden: 3,
  not_found: 4,
  conflict: 5,
  unavailable: 6,
  limit: 7,
}

/** The command's words are wrong. Without advice, `run` points to the help of the verb that was called. */
export class UsageInvalid extends AppError {
  override readonly code = 'cli.usage' as const
  override readonly advice: string | undefined
  constructor(message: string, advice?: string) {
    super(message)
    this.advice = advice
  }
}

/** Exit code of an upload that arrived whole and of which something was refused: a pipeline may take that for a warning. */
export const EXIT_ROWS_REFUSED = 8

/** What was uploaded arrived, and some of it was refused; what was not refused is taken. */
export class RowsRefused extends AppError {
  override readonly code = 'upload.rows_refused' as const
  override readonly advice = 'What was refused and why stands with each file; correct it and upload that file again.'
}

/** What is said in place of a failure's own words. */
export type FailureWords = { message?: string | undefined; advice?: string | undefined }

/** What a failure prints: `code: message. Advice`, always on one line, in which nothing of others steers the terminal. */
export function failureLine(error: unknown, words: FailureWords = {}): string {
  const text = words.message ?? (error instanceof Error ? error.message : String(error))
  const told = words.advice ?? (error instanceof AppError ? error.advice : undefined)
  const advice = told ? ` ${told}` : ''
  const end = /[.!?…]$/.test(text) || advice === '' ? '' : '.'
  return printable(`${codeOf(error)}: ${text}${end}${advice}`.replace(/\s*\n\s*/g, ' '))
}

/** The exit code of anything thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RowsRefused) return EXIT_ROWS_REFUSED
  return error instanceof AppError ? EXIT_CODES[error.kind] : EXIT_CODES.internal
}
