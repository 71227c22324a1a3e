/** What this Runtime tells of itself: its inventory, and the hash by which drift is seen. */
import * as v from 'valibot'
import type { Vault } from '../keys/mod.ts'
import { digestOfJson, type Heartbeat, type Inventory, Name } from '../wire/mod.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import type { Drift } from './drift/drift.ts'
import type { Libraries } from './libraries/libraries.ts'
import type { OwnerRules } from './policy/owner-rules.ts'
import { policySummary } from './policy/policy.ts'
import type { Assignments } from './state/assignments.ts'
import type { Peers } from './state/peers.ts'

export type InventoryDeps = {
  vault: Pick<Vault, 'list'>
  peers: Pick<Peers, 'list'>
  assignments: Pick<Assignments, 'list'>
  types: ComponentTypes
  bridgePort: () => number
  rules: Pick<OwnerRules, 'policy'>
  drift: Pick<Drift, 'told'>
  libraries: Pick<Libraries, 'list'>
}

export async function inventoryOf(deps: InventoryDeps): Promise<Omit<Inventory, 'challenge'>> {
  const drift = deps.drift.told()
  const names = (await deps.vault.list()).map((credential) => credential.name)
  return {
    // A name that no Blueprint can write is of no use to the Platform, and would not pass its schema.
    credentials: names.filter((name) => v.is(Name, name)).slice(0, 1_024),
    libraries: (await deps.libraries.list()).installed
      .filter(({ name }) => v.is(Name, name))
      .slice(0, 1_024)
      .map(({ name, version }) => ({ name, version })),
    componentTypes: [...deps.types.keys()],
    bridgePort: deps.bridgePort(),
    configurationHash: await configurationHash(deps),
    policy: policySummary(deps.rules.policy),
    ...(drift && { drift }),
  }
}

/** SHA-256 over the JCS form of what the owner and the Platform have set: it changes when any of it does. */
export async function configurationHash(deps: InventoryDeps): Promise<Heartbeat['configurationHash']> {
  const credentials = (await deps.vault.list()).map(({ id, name, replacedAt }) => ({ id, name, replacedAt }))
  const { accepted, notAuthentic } = await deps.peers.list()
  const peers = [
    ...accepted.map(({ runtime, fingerprint }) => ({ runtime, fingerprint })),
    // A row that something else wrote is drift as well.
    ...notAuthentic.map((runtime) => ({ runtime, fingerprint: null })),
  ]
  const deployments = (await deps.assignments.list(['current'])).map(({ deployment, version, digest }) => ({
    ...{ deployment, version, digest },
  }))
  const { installed, notAuthentic: strange } = await deps.libraries.list()
  const libraries = [
    ...installed.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    ...strange.map(({ name, version }) => ({ name, version, sha256: null })),
  ]
  // What has drifted changes it too: the Platform asks for the inventory then.
  const differs = deps.drift.told()?.differs ?? []
  return digestOfJson({ credentials, peers, deployments, libraries, policy: deps.rules.policy, differs })
}
