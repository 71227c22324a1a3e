/** Why something of a document was refused, or taken with a warning, a line each. */
import type { ImportReportAnswer } from './answers.ts'

export type Said = Pick<ImportReportAnswer, 'reason' | 'refusals' | 'remarks' | 'rowsRefused' | 'warnings'>

/** One thing said of a document. Without a line it is about the whole. */
export type Remark = { level: 'error' | 'warning'; line: number | undefined; reason: string }

/** Refusals before warnings; the reason why the rest was not read before all. */
export function remarksOf({ reason, refusals, remarks }: Said): Remark[] {
  return [
    ...(reason ? [{ level: 'error' as const, line: reason.line, reason: `${reason.code}: ${reason.message}` }] : []),
    ...refusals.map((one) => ({ level: 'error' as const, line: one.line, reason: one.reason })),
    ...remarks.map((one) => ({ level: 'warning' as const, line: one.line, reason: one.reason })),
  ]
}

/** At most so many, and how many more there are. */
export function importLines(said: Said, linesMax: number): string[] {
  const all = remarksOf(said)
  const shown = all.slice(0, linesMax).map(({ level, line, reason }) => {
    const place = line === undefined ? 'document' : `line ${line}`
    return `${place}: ${level === 'warning' ? 'warning: ' : ''}${reason}`
  })
  const more = said.rowsRefused + said.warnings + (said.reason ? 1 : 0) - shown.length
  return more > 0 ? [...shown, `and ${more} more`] : shown
}
