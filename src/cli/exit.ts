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

/** What a failure prints: `code: message. Advice`, always on one line, in which nothing of others steers the terminal. */
export function failureLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const advice = error instanceof AppError && error.advice ? ` ${error.advice}` : ''
  const end = /[.!?…]$/.test(text) || advice === '' ? '' : '.'
  return printable(`${codeOf(error)}: ${text}${end}${advice}`.replace(/\s*\n\s*/g, ' '))
}

/** The exit code of anything thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AppError ? EXIT_CODES[error.kind] : EXIT_CODES.internal
}
