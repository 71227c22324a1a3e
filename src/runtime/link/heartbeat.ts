/** What one heartbeat says: how the Runtime is, and of each deployment the version in force and the newest one. */
import { buildFacts } from '../../host/mod.ts'
import type { DeploymentInForce, Heartbeat } from '../../wire/mod.ts'
import { configurationHash, type InventoryDeps } from '../inventory.ts'
import type { RuntimeState } from '../open-state.ts'
import type { KeptAssignment } from '../state/assignments.ts'

/** Deployments and reasons that one heartbeat takes. */
const DEPLOYMENTS_MAX = 1_024
const REASONS_MAX = 32

export type HeartbeatDeps = Pick<RuntimeState, 'assignments' | 'authority' | 'trail'> & {
  inventory: InventoryDeps
  uptimeMs: () => number
  addresses: () => { managementUrl: string; bridgePort: number }
}

export async function composeHeartbeat(deps: HeartbeatDeps, leaving: boolean): Promise<Heartbeat> {
  const { assignments, authority, trail, uptimeMs, addresses } = deps
  const { managementUrl, bridgePort } = addresses()
  return {
    version: buildFacts.version,
    uptimeMs: uptimeMs(),
    configurationHash: await configurationHash(deps.inventory),
    deployments: newestAndCurrent(await assignments.list())
      .slice(0, DEPLOYMENTS_MAX)
      .map(inForce),
    ...{ managementUrl, bridgePort, leaving, authority: authority.certificatePem, trail: await trail.head() },
  }
}

function inForce({ deployment, version, state, reasons }: KeptAssignment): DeploymentInForce {
  const id = deployment as DeploymentInForce['deployment']
  return { deployment: id, version, state, reasons: reasons.slice(0, REASONS_MAX) }
}

/** Per deployment the version in force and the newest one, which may wait or have been turned down. */
function newestAndCurrent(kept: readonly KeptAssignment[]): KeptAssignment[] {
  const seen = new Set<string>()
  return kept.filter(({ deployment, place }) => {
    const isNewest = !seen.has(deployment)
    seen.add(deployment)
    return isNewest || place !== 'past'
  })
}
