/** /v1/data-tenants/{dataTenant}/connectors: what pulls from systems' APIs into datasets, when, how far it is, and how it went. */
import type { Context } from 'hono'
import * as v from 'valibot'
import { RoleTooLow } from '../../accounts/mod.ts'
import { connectorTypes } from '../../connectors/mod.ts'
import { ApiRoutes, jsonSchemaOf, limitOf, type PersonEnv } from '../../server/mod.ts'
import { ConnectorRunId, CURSOR_LENGTH_MAX, DatasetId, DiscoveredField, Name } from '../../wire/mod.ts'
import {
  approveConnector,
  type Changed,
  type ConnectorActsDeps,
  changeConnector,
  createConnector,
  isOwnerOf,
  removeConnector,
  runConnector,
  setCursor,
} from '../connectors/connector-acts.ts'
import { ConnectorJson, connectorAsJson, RunJson, runAsJson } from '../connectors/connector-json.ts'
import type { DataAccess } from '../datasets/access.ts'
import { OfTenant } from './data-tenants.ts'

export type ConnectorRoutesDeps = ConnectorActsDeps & { access: DataAccess }

/** By name or id. */
const OfConnector = v.object({ ...OfTenant.entries, connector: v.pipe(v.string(), v.maxLength(64)) })
const Network = v.picklist(['public', 'private'])
const Cron = v.nullable(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(128)))
const Zone = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(64))
const Credential = v.nullable(Name)

export const NewConnectorBody = v.strictObject({
  ...{ name: Name, dataset: DatasetId, type: Name, config: v.unknown() },
  ...{ credential: v.optional(Credential, null), network: v.optional(Network, 'public') },
  ...{ cron: v.optional(Cron, null), timeZone: v.optional(Zone, 'UTC') },
})
const ChangesBody = v.strictObject({
  config: v.optional(v.unknown()),
  credential: v.optional(Credential),
  network: v.optional(Network),
  cron: v.optional(Cron),
  timeZone: v.optional(Zone),
  paused: v.optional(v.boolean()),
})

const RUNS_DEFAULT = 50
const RUNS_MAX = 200
const Page = v.object({ before: v.optional(ConnectorRunId), limit: limitOf(RUNS_MAX, RUNS_DEFAULT) })
const CursorJson = v.object({ cursor: v.unknown() })
/** JSON again as text, in a body of at most as many bytes. */
const CURSOR_BODY_BYTES_MAX = CURSOR_LENGTH_MAX + 1_024

export function connectorRoutes(deps: ConnectorRoutesDeps): ApiRoutes {
  const { access, state } = deps
  const { connectors } = state
  const path = '/:dataTenant/connectors'
  const found = async (
    c: Context<PersonEnv>,
    params: v.InferOutput<typeof OfConnector>,
    needed: 'viewer' | 'operator',
  ) => {
    const member = await access.demandMember(c, params.dataTenant, needed)
    return { member, connector: await connectors.store.find(member.tenant.id, params.connector) }
  }
  return new ApiRoutes('Connectors')
    .get(
      path,
      {
        summary: 'The connectors of a data tenant, by name.',
        ...{ role: 'viewer', params: OfTenant, answer: v.object({ connectors: v.array(ConnectorJson) }) },
      },
      async ({ c, params }) => {
        const { tenant } = await access.demandMember(c, params.dataTenant, 'viewer')
        const all = await connectors.store.list(tenant.id)
        return { connectors: await Promise.all(all.map((one) => connectorAsJson(connectors, one))) }
      },
    )
    .post(
      path,
      {
        summary:
          'Makes a connector. Needs the role operator there; unless you are an owner of this Runtime it waits for one to approve its site and credential.',
        ...{
          role: 'viewer',
          fresh: true,
          params: OfTenant,
          body: NewConnectorBody,
          answer: ConnectorJson,
          status: 201,
        },
      },
      async ({ c, params, body }) => {
        const member = await access.demandMember(c, params.dataTenant, 'operator')
        return connectorAsJson(connectors, await createConnector(deps, member, body, isOwnerOf(c.var.user)))
      },
    )
    .get(
      `${path}/:connector`,
      {
        summary: 'One connector with its last run, by name or id.',
        role: 'viewer',
        params: OfConnector,
        answer: ConnectorJson,
      },
      async ({ c, params }) => connectorAsJson(connectors, (await found(c, params, 'viewer')).connector),
    )
    .patch(
      `${path}/:connector`,
      {
        summary:
          'Changes its settings, schedule, credential or network, or pauses it, which ends its run. Needs the role operator there.',
        ...{ role: 'viewer', fresh: true, params: OfConnector, body: ChangesBody, answer: ConnectorJson },
      },
      async ({ c, params, body }) => {
        const { member, connector } = await found(c, params, 'operator')
        const changes = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Changed
        await changeConnector(deps, member, connector, changes, isOwnerOf(c.var.user))
        return connectorAsJson(connectors, await connectors.store.find(member.tenant.id, connector.id))
      },
    )
    .delete(
      `${path}/:connector`,
      {
        summary:
          'Removes a connector with its cursor and history. What it has pulled stays. Needs the role operator there.',
        ...{ role: 'viewer', fresh: true, params: OfConnector },
      },
      async ({ c, params }) => {
        const { member, connector } = await found(c, params, 'operator')
        await removeConnector(deps, member, connector)
      },
    )
    .post(
      `${path}/:connector/approve`,
      {
        summary: 'Agrees to lend its credential to its site. For owners of this Runtime who are members there.',
        ...{ role: 'viewer', fresh: true, params: OfConnector, answer: ConnectorJson },
      },
      async ({ c, params }) => {
        const { member, connector } = await found(c, params, 'viewer')
        // Behind the look at the data tenant: who is no member of it is told nothing.
        if (!isOwnerOf(c.var.user)) throw new RoleTooLow('this needs the role owner on this Runtime')
        await approveConnector(deps, member, connector)
        return connectorAsJson(connectors, await connectors.store.find(member.tenant.id, connector.id))
      },
    )
    .post(
      `${path}/:connector/run`,
      {
        summary: 'Runs it now. Needs the role operator there.',
        ...{ role: 'viewer', params: OfConnector, answer: RunJson, status: 202 },
      },
      async ({ c, params }) => {
        const { member, connector } = await found(c, params, 'operator')
        return runAsJson(await runConnector(deps, member, connector))
      },
    )
    .get(
      `${path}/:connector/runs`,
      {
        summary: 'Its last runs, the newest first.',
        ...{ role: 'viewer', params: OfConnector, query: Page, answer: v.object({ runs: v.array(RunJson) }) },
      },
      async ({ c, params, query }) => ({
        runs: (await connectors.store.runs((await found(c, params, 'viewer')).connector.id, query)).map(runAsJson),
      }),
    )
    .post(
      `${path}/:connector/check`,
      {
        summary: 'Asks the site who it is, and whether it answers. Needs the role operator there.',
        ...{ role: 'viewer', params: OfConnector, answer: v.object({ said: v.array(v.string()) }) },
      },
      async ({ c, params }) => ({ said: await connectors.check((await found(c, params, 'operator')).connector) }),
    )
    .post(
      `${path}/:connector/discover`,
      {
        summary: 'Asks the site for the fields that there are to choose from. Needs the role operator there.',
        ...{
          role: 'viewer',
          params: OfConnector,
          answer: v.object({ setting: v.string(), fields: v.array(DiscoveredField) }),
        },
      },
      async ({ c, params }) => connectors.discover((await found(c, params, 'operator')).connector),
    )
    .get(
      `${path}/:connector/cursor`,
      {
        summary: 'How far it is, in the form of its type. Needs the role operator there.',
        ...{ role: 'viewer', params: OfConnector, answer: CursorJson },
      },
      async ({ c, params }) => {
        const { text } = await connectors.store.cursor((await found(c, params, 'operator')).connector.id)
        return { cursor: text === null ? null : JSON.parse(text) }
      },
    )
    .put(
      `${path}/:connector/cursor`,
      {
        summary:
          'Sets how far it is; null begins anew, and what comes again takes its own place. Needs the role operator there.',
        ...{
          role: 'viewer',
          fresh: true,
          params: OfConnector,
          body: v.strictObject({ cursor: v.unknown() }),
          bodyBytesMax: CURSOR_BODY_BYTES_MAX,
        },
      },
      async ({ c, params, body: { cursor } }) => {
        const { member, connector } = await found(c, params, 'operator')
        await setCursor(deps, member, connector, cursor === null ? null : JSON.stringify(cursor))
      },
    )
}

/** /v1/connector-types: what a connector may be of. */
export function connectorTypeRoutes(): ApiRoutes {
  const SettingJson = v.object({ name: v.string(), needed: v.boolean(), description: v.string() })
  const TypeJson = v.object({
    ...{
      type: v.string(),
      title: v.string(),
      summary: v.string(),
      credentials: v.array(v.string()),
      shapes: v.array(v.string()),
    },
    ...{ settings: v.array(SettingJson), example: v.unknown() },
    /** JSON Schema of the settings, for editors. */
    schema: v.record(v.string(), v.unknown()),
  })
  return new ApiRoutes('Connectors').get(
    '/',
    {
      summary: 'The types of connectors with their settings.',
      ...{ role: 'viewer', answer: v.object({ types: v.array(TypeJson) }) },
    },
    async () => ({
      types: connectorTypes.map(({ type, title, summary, credentials, shapes, example, settings, config }) => ({
        ...{ type, title, summary, credentials, shapes, example },
        settings: settings.map(({ name, needed, description }) => ({ name, needed, description })),
        schema: jsonSchemaOf(config),
      })),
    }),
  )
}
