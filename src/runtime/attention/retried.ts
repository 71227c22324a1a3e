/** What is tried again and again and does not come to pass: a sink that is away, a source that is locked, a flow that does not open. */
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'

/** What passes within a minute is nobody's trouble. */
export const RETRIED_MS = 60_000

type Component = DeploymentDetail['components'][number]

/** One line for each component that has had a reason for over a minute; where none has one, for a flow that prepares for so long. */
export function retriedLines(one: DeploymentDetail, nowMs: number): AttentionLine[] {
  if (one.state !== 'preparing' && one.state !== 'running') return []
  const lines = one.components.flatMap((component) => {
    const { reason, reasonSince } = component
    const sinceMs = reasonSince === undefined ? nowMs : Date.parse(reasonSince)
    return reason && nowMs - sinceMs >= RETRIED_MS ? [componentLine(one, component, reason.code, sinceMs)] : []
  })
  const isSlow = one.state === 'preparing' && one.reasons.length === 0 && nowMs - one.changedAtMs >= RETRIED_MS
  return lines.length === 0 && isSlow ? [preparingLine(one)] : lines
}

/** Its refused records have no room left: it waits until its owner has made some. */
export function waitsForLetters({ reason }: Pick<Component, 'reason'>): boolean {
  return reason?.code === 'journal.full'
}

function componentLine(one: DeploymentDetail, component: Component, code: string, sinceMs: number): AttentionLine {
  const page = `/deployments/${one.deployment}`
  const isFull = waitsForLetters(component)
  return {
    ...{ id: `component.retried ${one.deployment} ${component.name}`, state: 'late', sinceMs },
    what: `${nameOf(one, component)} of ${one.blueprint} is tried again and again: ${code}`,
    effect: isFull
      ? 'No more refused records fit beside those that wait: the flow is held until you replay or drop some. Nothing is lost.'
      : 'What it should take or give waits at its source; nothing is lost. It is tried again until it works.',
    cure: isFull ? { label: 'Refused records', href: `${page}/dead-letters` } : { label: 'Look', href: page },
  }
}

/** The sending end of a bridge counts under the bridge's id, which says nothing to anybody. */
function nameOf({ bridges }: DeploymentDetail, { name }: Component): string {
  const bridge = bridges.find((each) => each.bridge === name)
  return bridge ? `The bridge to ${bridge.peerName}` : name
}

function preparingLine({ deployment, blueprint, changedAtMs }: DeploymentDetail): AttentionLine {
  return {
    ...{ id: `deployment.preparing ${deployment}`, state: 'late', sinceMs: changedAtMs },
    what: `${blueprint} has been getting ready for over a minute`,
    effect: 'It moves no records yet; nothing is lost. Its components say how far they are.',
    cure: { label: 'Look', href: `/deployments/${deployment}` },
  }
}
