/** A bridge that is not up: which peer it leads to, why nothing crosses, as far as anybody knows, and since when. */
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'

type Bridge = DeploymentDetail['bridges'][number]
type Peer = DeploymentDetail['peers'][number]

/** One line for each peer of a deployment that runs. */
export function bridgeLines(one: DeploymentDetail): AttentionLine[] {
  if (one.state !== 'running') return []
  const down = one.bridges.filter(({ state, reason }) => state === 'down' || (state === 'connecting' && reason))
  return [...new Map(down.map((bridge) => [bridge.peer, bridge])).values()].map((bridge): AttentionLine => {
    const { peer, peerName, direction, since } = bridge
    const stands = one.peers.find(({ runtime }) => runtime === peer)
    const why = stands ? standingWords(stands, one.version) : closingWords(bridge)
    const at = stands?.since ?? since
    return {
      id: `bridge.down ${one.deployment} ${peer}`,
      state: 'late',
      what: `The bridge of ${one.blueprint} ${direction === 'out' ? 'to' : 'from'} ${peerName} is not up${why === undefined ? '' : `: ${why}`}`,
      ...(at !== undefined && { sinceMs: Date.parse(at) }),
      effect: 'Records wait at their source; nothing is lost. It is tried again and again.',
      cure: { label: 'Check bridge', href: `/deployments/${one.deployment}#deployment-bridges` },
    }
  })
}

/** What the Platform says of the peer: `cloud-01 refused version 2, and has version 1 in force; here it is version 2`. */
function standingWords({ name, state, version, inForce }: Peer, own: number): string {
  const asked = ASKED[state]?.(version)
  const others =
    inForce !== undefined && inForce !== own ? `has version ${inForce} in force; here it is version ${own}` : ''
  return `${name} ${[asked, others].filter(Boolean).join(', and ') || 'is not as this Runtime is'}`
}

const ASKED: Readonly<Partial<Record<Peer['state'], (version: number) => string>>> = {
  refused: (version) => `refused version ${version}`,
  'awaiting-approval': (version) => `waits for its owner to approve version ${version}`,
  failed: (version) => `fails at version ${version}`,
  stopped: (version) => `has stopped version ${version}`,
}

/** What the peer said when it closed; else the code of what can be seen from here. */
function closingWords({ peerName, reason }: Bridge): string | undefined {
  if (!reason) return undefined
  const said = CLOSED[reason.code]
  return said === undefined ? reason.code : `${peerName} ${said}`
}

const CLOSED: Readonly<Record<string, string>> = {
  'bridge.peer_stopped': 'has stopped its part',
  'bridge.peer_restarting': 'starts its part anew',
  'bridge.peer_leaving': 'itself was stopped',
  'bridge.peer_ended': 'has come to the end of its flow',
  'bridge.peer_failed': 'fails at its part',
}
