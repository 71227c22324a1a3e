/** What people do with the connectors of a data tenant; each act is told to the audit trail first. */
import { roleReaches } from '../../accounts/mod.ts'
import { recorded } from '../../audit/mod.ts'
import {
  approvalDigest,
  type Connector,
  type ConnectorDesk,
  ConnectorUnfit,
  connectorType,
  hostOf,
  type NewConnector,
  type Run,
} from '../../connectors/mod.ts'
import type { DatasetId } from '../../wire/mod.ts'
import type { Member } from '../datasets/access.ts'
import type { RuntimeState } from '../open-state.ts'

export type ConnectorActsDeps = { state: Pick<RuntimeState, 'connectors' | 'trail'> }
export type Wanted = Omit<NewConnector, 'dataTenant' | 'dataset'> & { dataset: DatasetId }
export type Changed = Parameters<ConnectorDesk['change']>[1]

/**
 * Who is an owner of this Runtime agrees with it to the site and the credential; what another makes waits for one. Refuses
 * `dataset.not_found`, `connector.exists`, `connector.too_many` and what `ConnectorDesk.fit` refuses.
 */
export async function createConnector(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor, tenant, data }: Member,
  wanted: Wanted,
  isOwner: boolean,
): Promise<Connector> {
  const { shape, name: dataset } = await data.dataset(wanted.dataset)
  const { shapes } = connectorType(wanted.type)
  if (!shapes.includes(shape))
    throw new ConnectorUnfit(
      `a connector of the type ${wanted.type} pulls into a dataset of the shape ${shapes.join(' or ')}; ${dataset} is of the shape ${shape}`,
    )
  const fit = await connectors.fit({ ...wanted, dataTenant: tenant.id })
  const approval = isOwner
    ? { approvedDigest: await approvalDigest(fit), approvedBy: actor }
    : { approvedDigest: null, approvedBy: null }
  const act = { actor, action: 'connector.created', subject: tenant.id, detail: detailOf(fit, { approved: isOwner }) }
  return recorded(trail, act, () => connectors.store.create({ ...fit, ...approval }, actor))
}

/** Another site, credential or network waits for an owner of this Runtime, unless who asks is one. Refuses what `ConnectorDesk.change` does. */
export async function changeConnector(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor }: Member,
  connector: Connector,
  changes: Changed,
  isOwner: boolean,
): Promise<void> {
  const next = await connectors.fit({ ...connector, ...changes })
  const act = {
    actor,
    action: 'connector.changed',
    subject: connector.id,
    detail: detailOf(next, { changed: Object.keys(changes).sort().join(', ') }),
  }
  await recorded(trail, act, async () => {
    await connectors.change(connector, changes)
    if (isOwner && (await connectors.isApproved(connector))) await connectors.approve({ ...connector, ...next }, actor)
  })
}

export async function approveConnector(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor }: Member,
  connector: Connector,
): Promise<void> {
  const act = { actor, action: 'connector.approved', subject: connector.id, detail: detailOf(connector) }
  await recorded(trail, act, () => connectors.approve(connector, actor))
}

/** Refuses what `ConnectorDesk.run` refuses. */
export function runConnector(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor }: Member,
  connector: Connector,
): Promise<Run> {
  const act = { actor, action: 'connector.run', subject: connector.id, detail: { name: connector.name } }
  return recorded(trail, act, () => connectors.run(connector, actor))
}

/** Refuses `connector.running`. */
export async function setCursor(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor }: Member,
  connector: Connector,
  text: string | null,
): Promise<void> {
  const act = {
    actor,
    action: text === null ? 'connector.cursor_reset' : 'connector.cursor_set',
    subject: connector.id,
    detail: { name: connector.name },
  }
  await recorded(trail, act, () => connectors.setCursor(connector, text))
}

export async function removeConnector(
  { state: { connectors, trail } }: ConnectorActsDeps,
  { actor, tenant }: Member,
  connector: Connector,
): Promise<void> {
  const act = {
    actor,
    action: 'connector.removed',
    subject: connector.id,
    detail: { dataTenant: tenant.id, name: connector.name },
  }
  await recorded(trail, act, () => connectors.remove(connector.id))
}

/** Whether a user of this Runtime may agree to what a credential is lent for. */
export function isOwnerOf({ role }: { role: Parameters<typeof roleReaches>[0] }): boolean {
  return roleReaches(role, 'owner')
}

function detailOf(
  {
    name,
    type,
    config,
    credential,
    network,
  }: Pick<NewConnector, 'name' | 'type' | 'config' | 'credential' | 'network'>,
  more: Record<string, string | boolean> = {},
) {
  return { name, type, host: hostOf({ type, config }), network, ...(credential !== null && { credential }), ...more }
}
