/** What this Runtime tells of itself: its inventory, and the hash by which drift is seen. */
import * as v from 'valibot'
import type { Vault } from '../keys/mod.ts'
import { digestOfJson, type Heartbeat, type Inventory, Name } from '../wire/mod.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import type { Assignments } from './state/assignments.ts'
import type { Peers } from './state/peers.ts'

export type InventoryDeps = {
  vault: Pick<Vault, 'list'>
  peers: Pick<Peers, 'list'>
  assignments: Pick<Assignments, 'list'>
  types: ComponentTypes
  bridgePort: () => number
  policy: Inventory['policy']
}

/** The owner's rules as this version has them; they become settings with the Policy page. */
export const POLICY: Inventory['policy'] = {
  additions: 'owner-approves',
  peers: 'owner-accepts',
  scripts: 'forbidden',
  'log-text': 'template-and-counts',
}

export async function inventoryOf(deps: InventoryDeps): Promise<Omit<Inventory, 'challenge'>> {
  const names = (await deps.vault.list()).map((credential) => credential.name)
  return {
    // A name that no Blueprint can write is of no use to the Platform, and would not pass its schema.
    credentials: names.filter((name) => v.is(Name, name)).slice(0, 1_024),
    libraries: [],
    componentTypes: [...deps.types.keys()],
    bridgePort: deps.bridgePort(),
    configurationHash: await configurationHash(deps),
    policy: deps.policy,
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
  return digestOfJson({ credentials, peers, deployments, policy: deps.policy })
}
