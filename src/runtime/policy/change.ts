/** Changing the owner's rules: what they would end is shown first, and ended only with the owner's word for exactly that. */
import { recorded, type Trail } from '../../audit/mod.ts'
import { digestOfJson } from '../../wire/mod.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { Affected } from '../deployments/rules-changed.ts'
import { PolicyEndsMore } from '../errors.ts'
import type { OwnerRules } from './owner-rules.ts'
import type { Policy } from './policy.ts'

export type ChangeDeps = {
  rules: OwnerRules
  deployments: Pick<Deployments, 'affectedBy' | 'undisturbed' | 'end'>
  trail: Pick<Trail, 'record'>
  /** Told once the rules have changed. */
  changed: () => void
}

/** The name of a version that rules would end, as the owner confirms it: `<deployment>@<version>`. */
export function nameOf({ deployment, version }: Pick<Affected, 'deployment' | 'version'>): string {
  return `${deployment}@${version}`
}

/**
 * Puts rules into force and ends what they forbid: what runs is stopped, and waits for the owner from then on; what waits is turned
 * down. `ending` must name exactly these (`nameOf`), or `policy.ends_more` says which there are, and nothing is changed.
 */
export async function changePolicy(
  deps: ChangeDeps,
  { policy, ending }: { policy: Policy; ending: readonly string[] },
  actor: string,
): Promise<Affected[]> {
  const { rules, deployments, trail } = deps
  const ended = await deployments.undisturbed(async () => {
    const affected = await deployments.affectedBy(policy)
    if (!sameNames(affected.map(nameOf), ending)) throw new PolicyEndsMore(affected.map(nameOf))
    const detail = { digest: await digestOfJson(policy), ends: affected.length }
    await recorded(trail, { actor, action: 'policy.changed', subject: 'policy', detail }, () =>
      rules.set(policy, actor),
    )
    return affected
  })
  for (const one of ended) await deployments.end(one, actor)
  deps.changed()
  return ended
}

function sameNames(found: readonly string[], named: readonly string[]): boolean {
  const known = new Set(named)
  return known.size === found.length && found.every((name) => known.has(name))
}
