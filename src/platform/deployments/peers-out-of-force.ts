/** Why nothing crosses to or from a Runtime that does its own part: which peer's part is not in force as its own is, and how it stands there. */
import { rfc3339 } from '../../base/mod.ts'
import type { DeploymentState, Reason } from '../../wire/mod.ts'
import { type Standing, standingOf } from './targets.ts'

/**
 * `version`: what was asked of the peer last, and `state` how that stands there, since when. `inForce`: the version that is in force
 * there, if one is.
 */
export type PeerOutOfForce = {
  runtime: string
  version: number
  state: DeploymentState
  since: string
  inForce?: number
}

/** Versions before the newest that are in force still, by Runtime: of those that turned the newest down, or have not taken it yet. */
export type OlderInForce = ReadonlyMap<string, number>

/** A version that was taken is in force, whatever became of it since. */
const TAKEN: readonly DeploymentState[] = ['preparing', 'running', 'draining', 'failed', 'stopped']

/** How a peer stands whose part is not in force; of one that is, or comes into force by itself, there is nothing to say. */
const WHY: Partial<Record<DeploymentState, { code: string }>> = {
  refused: { code: 'peer.refused' },
  'awaiting-approval': { code: 'peer.awaiting_approval' },
  failed: { code: 'peer.failed' },
  stopped: { code: 'peer.stopped' },
}

/** Whether its Runtime has the version that it was asked to run. */
export function isTaken(target: Standing): boolean {
  return target.delivery === 'told' && TAKEN.includes(standingOf(target).state)
}

/** The peers of a target, one each, between which and its Runtime nothing crosses; of a target with nothing in force none. */
export function peersOutOfForce(target: Standing, targets: readonly Standing[], older: OlderInForce): PeerOutOfForce[] {
  const own = inForceOf(target, older)
  if (own === undefined || target.wanted === 'stop') return []
  const peers = new Set(target.shape.bridges.map(({ peer }) => peer))
  return targets
    .filter(({ runtime }) => peers.has(runtime))
    .flatMap((peer): PeerOutOfForce[] => {
      const theirs = inForceOf(peer, older)
      const { state, reasons } = standingOf(peer)
      const isWell = theirs === own && (peer.version !== own || WHY[state] === undefined)
      // A flow that came to its end is no fault.
      if (isWell || reasons.some(({ code }) => code === 'flow.ended')) return []
      const { runtime, version, changedAtMs } = peer
      return [
        { runtime, version, state, since: rfc3339(changedAtMs), ...(theirs !== undefined && { inForce: theirs }) },
      ]
    })
}

/** The same as reasons of a target that runs, or is about to; `item` is the peer's name. */
export function reasonsOf(
  target: Standing,
  peers: readonly PeerOutOfForce[],
  names: ReadonlyMap<string, string>,
): Reason[] {
  const { state } = standingOf(target)
  if (state !== 'running' && state !== 'preparing') return []
  return peers.flatMap((peer) => {
    const why = WHY[peer.state]
    return why === undefined ? [] : [{ ...why, item: names.get(peer.runtime) ?? peer.runtime }]
  })
}

function inForceOf(target: Standing, older: OlderInForce): number | undefined {
  return isTaken(target) ? target.version : older.get(target.runtime)
}
