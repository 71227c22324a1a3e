/** What the page of a deployment shows, put together from what was sent and what was told. */
import { Unreachable } from '../../base/mod.ts'
import type { BridgeView, ComponentView, DeploymentViewProps } from '../../web/mod.ts'
import type { ComponentStatus } from '../../wire/mod.ts'
import type { Standing } from '../deployments/targets.ts'
import type { DeploymentDetail, RuntimeStatus, TargetView } from '../deployments/view.ts'
import { named } from './names.ts'

type Place = { target: Standing; shown: TargetView; told: RuntimeStatus | undefined }

export function deploymentProps(
  detail: DeploymentDetail,
  targets: readonly Standing[],
  nowMs: number,
): Omit<DeploymentViewProps, 'children'> {
  const depths = depthsOf(targets)
  const known = detail.runtimes.map(({ runtime, name }) => ({ id: runtime, name }))
  const places = targets
    .filter(({ wanted, shape }) => wanted === 'run' || shape.components.length > 0)
    .map((target): Place => {
      const shown = detail.runtimes.find(({ runtime }) => runtime === target.runtime)
      if (!shown) throw new Unreachable('a target is missing in its own view')
      return { target, shown, told: detail.status.find(({ runtime }) => runtime === target.runtime) }
    })
    .sort((a, b) => (depths.get(a.target.runtime) ?? 0) - (depths.get(b.target.runtime) ?? 0))
  return {
    ...{ id: detail.deployment, version: detail.version, state: detail.state, nowMs },
    sinceMs: Math.max(Date.parse(detail.changedAt), ...targets.map(({ changedAtMs }) => changedAtMs)),
    reasons: detail.runtimes.flatMap(({ name, state, reasons }) =>
      state === 'running'
        ? []
        : reasons
            // Said of the peers below.
            .filter(({ code }) => !code.startsWith('peer.'))
            .map(({ item, ...rest }) => ({ ...rest, item: item ? `${named(item, known)} on ${name}` : `on ${name}` })),
    ),
    finished: detail.finished,
    peers: detail.runtimes.flatMap(({ name: of, peers }) =>
      peers.map(({ name, version, state, since, inForce }) => ({
        name,
        of,
        version,
        state,
        inForce,
        sinceMs: Date.parse(since),
      })),
    ),
    systems: places.map(({ target, shown }) => ({ name: target.system, place: shown.name })),
    components: places.flatMap(componentsAt),
    bridges: places.flatMap((place) => bridgesFrom(place, places)),
  }
}

/** How many bridges a Runtime's records have crossed at most before they reach it, so that pages show what comes first first. */
function depthsOf(targets: readonly Standing[]): ReadonlyMap<string, number> {
  const depths = new Map(targets.map(({ runtime }) => [runtime, 0]))
  // Once for each Runtime is enough for the longest way without a circle, and ends where there is one.
  for (const _ of targets)
    for (const { runtime, shape } of targets)
      for (const { direction, peer } of shape.bridges)
        if (direction === 'in') depths.set(runtime, Math.max(depths.get(runtime) ?? 0, (depths.get(peer) ?? 0) + 1))
  return depths
}

function componentsAt({ target, shown, told }: Place): ComponentView[] {
  return target.shape.components.map(({ name, type, from }) => {
    const status = told?.components.find((component) => component.name === name)
    return { ...NOTHING_YET, state: shown.state, ...status, name, type, from, system: target.system }
  })
}

const NOTHING_YET: Omit<ComponentStatus, 'name' | 'type' | 'state'> = {
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  errors: 0,
  retries: 0,
  executionMs: 0,
  refused: 0,
}

/** Each bridge once, as its sending end tells it; what that end has not told yet, as the receiving one does. */
function bridgesFrom({ target, told }: Place, places: readonly Place[]): BridgeView[] {
  return target.shape.bridges
    .filter(({ direction }) => direction === 'out')
    .map(({ bridge, from, to, peer }) => {
      const far = places.find((place) => place.target.runtime === peer)
      const status = [told, far?.told].flatMap((entry) => entry?.bridges ?? []).find((entry) => entry.bridge === bridge)
      const quiet = { state: 'connecting' as const, suite: '', frames: 0, bytes: 0, rotations: 0 }
      const { since, ...shown } = { since: undefined, ...quiet, ...status }
      const sinceMs = since === undefined ? undefined : Date.parse(since)
      return { ...shown, id: bridge, from, to, peer: far?.shown.name ?? peer, sinceMs }
    })
}
