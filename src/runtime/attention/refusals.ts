/** Versions that were refused here: the Platform is told, and it is the owner who can mend what stands against them. */
import { printable } from '../../base/mod.ts'
import type { AttentionLine } from '../attention.ts'
import { curesOf } from '../deployments/reasons.ts'
import type { Refusals, RefusedVersion } from '../state/refusals.ts'

export async function refusalLines({ refusals }: { refusals: Pick<Refusals, 'list'> }): Promise<AttentionLine[]> {
  return (await refusals.list()).map(lineOf)
}

function lineOf(refused: RefusedVersion): AttentionLine {
  const { deployment, version, blueprint, reasons, refusedAtMs } = refused
  const [first] = reasons
  const about = [first?.component, first?.item].filter(Boolean).join(', ')
  const why = [first?.code, about && `(${about})`].filter(Boolean).join(' ')
  const more = reasons.length > 1 ? ', and more' : ''
  return {
    id: `deployment.refused ${deployment} ${version}`,
    ...{ state: 'failed', word: 'refused' },
    what: printable(`Version ${version} of ${blueprint ?? deployment} was refused here: ${why}${more}`),
    sinceMs: refusedAtMs,
    effect: `What runs goes on. ${curesOf(reasons)}`,
    cure: pageFor(first?.code ?? ''),
  }
}

/** Where what stands against it is mended. */
function pageFor(code: string): AttentionLine['cure'] {
  if (code.startsWith('credential.')) return { label: 'Credentials', href: '/credentials' }
  if (code.startsWith('library.')) return { label: 'Libraries', href: '/settings/libraries' }
  if (code.startsWith('policy.')) return { label: 'Policy', href: '/settings/policy' }
  if (code.startsWith('peer.')) return { label: 'Peers', href: '/peers' }
  return { label: 'Audit', href: '/audit' }
}
