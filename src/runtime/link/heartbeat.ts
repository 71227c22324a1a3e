/** What one heartbeat says: how the Runtime is, and of each deployment the version in force and the newest one. */
import { canonicalJson, utf8 } from '../../base/mod.ts'
import { buildFacts } from '../../host/mod.ts'
import type { DeploymentInForce, Heartbeat } from '../../wire/mod.ts'
import { configurationHash, type InventoryDeps } from '../inventory.ts'
import type { RuntimeState } from '../open-state.ts'
import type { KeptAssignment } from '../state/assignments.ts'

/** Deployments and reasons that one heartbeat takes. */
const DEPLOYMENTS_MAX = 1_024
const REASONS_MAX = 32
/**
 * Bytes of all deployments in one heartbeat: 640 KiB are 853 KiB in base64url; an authority of ≤ 8 KiB, the rest and the envelope leave
 * it under the 1 MiB of a message. A deployment with 32 reasons of 256 characters comes to ≈ 10 KiB, so 60 of those fit.
 */
export const DEPLOYMENTS_BYTES_MAX = 655_360

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
    ...fitting(newestAndCurrent(await assignments.list())),
    ...{ managementUrl, bridgePort, leaving, authority: authority.certificatePem, trail: await trail.head() },
  }
}

/**
 * Those that changed last, as many as fit: what is new always goes out, and what is left out was told when it was. Whole or not at all,
 * since the Platform takes reasons over as they come.
 */
function fitting(kept: readonly KeptAssignment[]): Pick<Heartbeat, 'deployments'> & { deploymentsLeftOut?: number } {
  const lastFirst = [...kept].sort((a, b) => b.changedAtMs - a.changedAtMs)
  const deployments: DeploymentInForce[] = []
  let bytes = 0
  for (const one of lastFirst) {
    const told = inForce(one)
    bytes += utf8(canonicalJson(told)).byteLength + 1
    if (bytes > DEPLOYMENTS_BYTES_MAX || deployments.length >= DEPLOYMENTS_MAX) break
    deployments.push(told)
  }
  const leftOut = kept.length - deployments.length
  return { deployments, ...(leftOut > 0 && { deploymentsLeftOut: leftOut }) }
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
