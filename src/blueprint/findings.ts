/** What is wrong with a Blueprint, each with its place and code, and the error that carries them. */
import { AppError } from '../base/mod.ts'

/** Findings told at once; whoever mends these runs the lint again. */
export const FINDINGS_MAX = 64

/** One fault, at a place of the text (line and column from 1). */
export type Finding = {
  /** Stable, such as `blueprint.unknown_type`. */
  code: string
  severity: 'error' | 'warning'
  message: string
  line: number
  column: number
  /** The word that was probably meant. */
  suggestion?: string
}

/** One line for a person: `file:3:9 error blueprint.unknown_type: … (did you mean …?)`. */
export function formatFinding(file: string, finding: Finding): string {
  const hint = finding.suggestion ? ` — did you mean \`${finding.suggestion}\`?` : ''
  return `${file}:${finding.line}:${finding.column} ${finding.severity} ${finding.code}: ${finding.message}${hint}`
}

/** The Blueprint can't be used; `findings` says where and why. */
export class BlueprintInvalid extends AppError {
  override readonly code = 'blueprint.invalid' as const
  override readonly advice = 'Run `sluice blueprint lint FILE` to see every finding with its line and column.'
  readonly findings: readonly Finding[]
  constructor(findings: readonly Finding[]) {
    const first = findings.find(({ severity }) => severity === 'error')
    const more = findings.filter(({ severity }) => severity === 'error').length - 1
    super(
      first ? formatFinding('blueprint', first) + (more > 0 ? `, and ${more} more` : '') : 'the Blueprint is invalid',
    )
    this.findings = findings
  }
}
