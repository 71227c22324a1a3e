/** How much of a deployment's log line leaves this Runtime: never more than its owner's rules say. */
import type { AuditLog } from '../../wire/mod.ts'
import type { Policy } from './policy.ts'

/** What of the line the Platform may be told; `undefined` for nothing. The whole line stays here, whatever the rule. */
export function leavingLine(line: AuditLog, allowed: Policy['logLines']): AuditLog | undefined {
  if (allowed === 'nothing') return undefined
  return allowed === 'template' ? { ...line, fields: {} } : line
}
