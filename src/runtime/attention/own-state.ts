/** What of this Runtime's own state needs its owner: rules that something else wrote, and what drifted. */
import type { AttentionLine } from '../attention.ts'
import { type Drift, differing } from '../drift/drift.ts'
import type { OwnerRules } from '../policy/owner-rules.ts'

export function ownStateLines({ rules, drift }: { rules: OwnerRules; drift: Drift }): AttentionLine[] {
  return [...rulesLines(rules), ...driftLines(drift)]
}

function rulesLines({ inForce: { authentic } }: OwnerRules): AttentionLine[] {
  if (authentic) return []
  return [
    {
      ...{
        id: 'policy.not_authentic',
        state: 'failed',
        what: 'The rules of this Runtime were changed outside of Sluice',
      },
      effect: 'Nothing starts and nothing is approved until its owner sets them again.',
      cure: { label: 'Set the rules', href: '/settings/policy' },
    },
  ]
}

/** Names only, as the Platform is told them. */
export function driftLines({ last }: Pick<Drift, 'last'>): AttentionLine[] {
  const names = last ? differing(last) : []
  if (!last || names.length === 0) return []
  return [
    {
      ...{ id: `drift.found ${names.join(' ')}`, state: 'failed', sinceMs: last.checkedAtMs },
      what: `This Runtime is not as it was set up: ${names.join(', ')}`,
      effect: 'What runs goes on, and the Platform is told the names. Mend it, or say that it is meant to be so.',
      cure: { label: 'Look', href: '/settings/drift' },
    },
  ]
}
