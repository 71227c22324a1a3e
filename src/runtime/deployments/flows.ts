/**
 * What is done to records before they reach a sink or leave for a peer, as one hash: every transform on the way with its config and
 * code, in its order, the sources they come from, and how the sink writes. Two versions whose ways out have the same hashes treat
 * records alike. Each component counts with its whole config: transforms and sources decide record by record, and what they refuse is
 * counted; a sink's mode and keys decide whether rows are added or replaced. Names of components and of bridges, which are new with
 * every version, do not count.
 */
import { canonicalJson, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { AssignedComponent, Assignment } from '../../wire/mod.ts'
import type { TouchesOf } from './touches.ts'

/** A way out of this Runtime's part of a flow. `out`: the sink by its name, or the component whose records cross and the peer. */
export type WayOut = { out: string; sha256: string }

/** Every way out of an assignment that goes in no circle; linear in its size. */
export function waysOut(assignment: Assignment, touchesOf: TouchesOf): WayOut[] {
  const { components, bridges } = assignment
  const reach = reachOf(assignment, touchesOf)
  const sinks = components
    .filter((component) => touchesOf(component).role === 'sink')
    .map(({ name }) => ({ out: name, sha256: reach(name) }))
  const crossing = bridges
    .filter(({ direction }) => direction === 'out')
    .map(({ from, peer }) => ({ out: `${from} to ${peer}`, sha256: hashOf(['send', peer, reach(from)]) }))
  return [...sinks, ...crossing]
}

/** The hash of all that comes out of a component, by its name; each is made once. */
function reachOf({ components, bridges }: Assignment, touchesOf: TouchesOf): (name: string) => string {
  const byName = new Map(components.map((one) => [one.name, one]))
  const known = new Map<string, string>()
  const reach = (name: string): string => {
    const found = known.get(name)
    if (found !== undefined) return found
    // Of what goes in a circle, which never runs, something; never no end.
    known.set(name, 'circle')
    const component = byName.get(name)
    const sha256 = component ? hashOf(componentPart(component)) : hashOf(['receive', peerOf(name), name])
    known.set(name, sha256)
    return sha256
  }
  const componentPart = (component: AssignedComponent): unknown[] => {
    const { type, config, code, from } = component
    const { role } = touchesOf(component)
    return [role, type, config, code?.sha256 ?? '', from.map(reach).sort()]
  }
  const peerOf = (name: string): string =>
    bridges.find(({ direction, from }) => direction === 'in' && from === name)?.peer ?? ''
  return reach
}

function hashOf(part: readonly unknown[]): string {
  const digest = createSha256()
  digest.update(utf8(canonicalJson(part)))
  return digest.digestHex()
}
