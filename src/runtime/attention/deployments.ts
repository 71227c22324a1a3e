/** What of the deployments needs their owner: a version that waits, one that does not run, refused records, a bridge that is down. */
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'

export function deploymentLines({ deployments }: { deployments: readonly DeploymentDetail[] }): AttentionLine[] {
  return deployments.flatMap((one) => [
    ...waitingLines(one),
    ...failedLines(one),
    ...bridgeLines(one),
    ...letterLines(one),
  ])
}

function pageOf({ deployment }: DeploymentDetail): string {
  return `/deployments/${deployment}`
}

function waitingLines(one: DeploymentDetail): AttentionLine[] {
  if (!one.waiting) return []
  const count = Object.values(one.waiting.adds).flat().length
  return [
    {
      id: `deployment.awaits ${one.deployment} ${one.waiting.version}`,
      state: 'awaiting-approval',
      what: `${one.blueprint} version ${one.waiting.version} waits for your approval`,
      sinceMs: Date.parse(one.waiting.receivedAt),
      effect: `It adds ${count === 1 ? 'one thing' : `${count} things`} to what you approved; until you decide, what runs goes on.`,
      cure: { label: 'Review', href: `${pageOf(one)}/approval` },
    },
  ]
}

function failedLines(one: DeploymentDetail): AttentionLine[] {
  const [reason] = one.reasons
  const about = { sinceMs: Date.parse(one.changedAt), cure: { label: 'Look', href: pageOf(one) } }
  if (one.state === 'failed' || one.state === 'refused') {
    const what = `${one.blueprint} does not run: ${reason?.code ?? one.state}`
    return [
      {
        id: `deployment.failed ${one.deployment}`,
        state: 'failed',
        what,
        effect: 'Its sources are held where they are; nothing is lost.',
        ...about,
      },
    ]
  }
  if (reason?.code !== 'runtime.row_not_authentic') return []
  const what = `The next version of ${one.blueprint} cannot be decided on: ${reason.code}`
  return [
    {
      id: `deployment.undecidable ${one.deployment}`,
      state: 'failed',
      what,
      effect: 'Its approvals were changed outside of Sluice; what runs goes on.',
      ...about,
    },
  ]
}

function bridgeLines(one: DeploymentDetail): AttentionLine[] {
  if (one.state !== 'running') return []
  const down = one.bridges.filter(({ state, reason }) => state === 'down' || (state === 'connecting' && reason))
  return [...new Map(down.map((bridge) => [bridge.peer, bridge])).values()].map(
    ({ peer, peerName, direction, reason }): AttentionLine => ({
      id: `bridge.down ${one.deployment} ${peer}`,
      state: 'late',
      what: `The bridge of ${one.blueprint} ${direction === 'out' ? 'to' : 'from'} ${peerName} is not up${reason ? `: ${reason.code}` : ''}`,
      effect: 'Records wait at their source; nothing is lost. It is tried again and again.',
      cure: { label: 'Check bridge', href: `${pageOf(one)}#deployment-bridges` },
    }),
  )
}

function letterLines(one: DeploymentDetail): AttentionLine[] {
  const { deadLetters: count } = one
  if (count === 0) return []
  return [
    {
      id: `dead_letters.wait ${one.deployment}`,
      state: 'late',
      what: `${count} refused ${count === 1 ? 'record' : 'records'} of ${one.blueprint} ${count === 1 ? 'waits' : 'wait'}`,
      effect: 'They are kept on this Runtime until you drop them.',
      cure: { label: 'Look', href: `${pageOf(one)}/dead-letters` },
    },
  ]
}
