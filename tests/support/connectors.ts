/** A data tenant with a dataset and connectors to doubles of services, as its owner has them by the API. */
import type { Shape } from '../../src/wire/mod.ts'
import type { DoubleServer } from './doubles/double-server.ts'
import { CLOUD_TOKEN, CLOUD_USER, type JiraDouble, SERVER_TOKEN } from './doubles/jira.ts'
import type { Asked, ManagementHost } from './runtime/management-host.ts'
import { until } from './until.ts'

type Tenant = {
  owner: string
  tenant: string
  dataset: string
  /** Of the connectors. */
  connectors: string
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Asked>
  /** Runs one and waits for the end. */
  runOf(name: string): Promise<Asked['body']>
  /** Values of those fields, of all records. */
  rows(fields: readonly string[]): Promise<unknown[][]>
}

async function tenantWith(host: ManagementHost, { shape, credential }: { shape: Shape; credential?: Kept }) {
  const owner = await host.tokenFor('owner')
  const ask: Tenant['ask'] = (method, path, body, token = owner) =>
    host.ask(method, path, { token, ...(body !== undefined && { body }) })
  const named = `of-${Math.random().toString(36).slice(2)}`
  if (credential) await ask('PUT', `/v1/credentials/${credential.name ?? named}`, credential.of)
  const tenant: string = (await ask('POST', '/v1/data-tenants', { name: named })).body.id
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const dataset: string = (await ask('POST', datasets, { name: 'pulled', shape })).body.id
  const connectors = `/v1/data-tenants/${tenant}/connectors`
  const world: Tenant = {
    ...{ owner, tenant, dataset, connectors, ask },
    async runOf(name) {
      const begun = await ask('POST', `${connectors}/${name}/run`)
      if (begun.status !== 202) throw new Error(`the run was refused: ${begun.text}`)
      return until(`the run of ${name} has ended`, async () => {
        const { body } = await ask('GET', `${connectors}/${name}/runs`)
        const run = body.runs.find(({ id }: { id: string }) => id === begun.body.id)
        return run.endedAt ? run : undefined
      })
    },
    async rows(fields) {
      return (await ask('POST', `${datasets}/${dataset}/query`, { fields, limit: 1_000 })).body.rows
    },
  }
  return { ...world, credential: credential ? (credential.name ?? named) : null }
}

type Credential = { kind: string; fields: Record<string, string> }
type Kept = { name?: string; of: Credential }

/** With one connector of any type. */
export type ConnectorOf = Pick<Tenant, 'dataset' | 'ask' | 'rows'> & {
  /** Of the connector. */
  path: string
  /** What making it was answered. */
  made: Asked
  /** Runs it and waits for the end. */
  run(): Promise<Asked['body']>
  cursor(): Promise<Asked['body']['cursor']>
}
type Made = { type: string; shape: Shape; credential?: Credential; config: Record<string, unknown> }

export async function connectorOf(
  host: ManagementHost,
  { type, shape, credential: of, config }: Made,
): Promise<ConnectorOf> {
  const { dataset, connectors, credential, ask, rows, runOf } = await tenantWith(host, {
    shape,
    ...(of && { credential: { of } }),
  })
  const made = await ask('POST', connectors, {
    ...{ name: 'it', dataset, type, network: 'private', config, credential },
  })
  const path = `${connectors}/it`
  return {
    ...{ dataset, path, made, ask, rows },
    run: () => runOf('it'),
    cursor: async () => (await ask('GET', `${path}/cursor`)).body.cursor,
  }
}

export type ConnectorSite = ConnectorOf & { change(config: Record<string, unknown>): Promise<Asked> }

/** One to a double that takes a token, whose settings are changed. */
export async function connectorSite(
  host: ManagementHost,
  { url, ca }: Pick<DoubleServer, 'url' | 'ca'>,
  { token, ...of }: { type: string; shape: Shape; token: string },
  config: Record<string, unknown>,
): Promise<ConnectorSite> {
  const credential = { kind: 'token', fields: { token } }
  const world = await connectorOf(host, { ...of, credential, config: { url, ca, ...config } })
  return { ...world, change: (next) => world.ask('PATCH', world.path, { config: { url, ca, ...next } }) }
}

/** With a dataset of issues and as many connectors to a double of Jira as are made. */
export type ConnectorWorld = Pick<Tenant, 'owner' | 'tenant' | 'dataset' | 'ask'> & {
  /** Of the connectors. */
  path: string
  /** Makes one; settings and the rest beside the usual. */
  make(name: string, more?: { config?: Record<string, unknown>; body?: Record<string, unknown> }): Promise<Asked>
  /** Runs it and waits for the end. */
  run(name: string): Promise<Asked['body']>
  /** Values of the dataset's records by their keys. */
  records(field?: string): Promise<Record<string, unknown>>
}

export async function connectorWorld(
  host: ManagementHost,
  jira: JiraDouble,
  edition: 'cloud' | 'data-center' = 'cloud',
): Promise<ConnectorWorld> {
  const of: Credential =
    edition === 'cloud'
      ? { kind: 'password', fields: { username: CLOUD_USER, password: CLOUD_TOKEN } }
      : { kind: 'token', fields: { token: SERVER_TOKEN } }
  const world = await tenantWith(host, { shape: 'issues', credential: { name: 'jira', of } })
  const { owner, tenant, dataset, connectors: path, ask, runOf: run, rows } = world
  return {
    ...{ owner, tenant, dataset, path, ask, run },
    make: (name, { config = {}, body = {} } = {}) =>
      ask('POST', path, {
        ...{ name, dataset, type: 'jira', credential: 'jira', network: 'private' },
        config: { url: jira.url, ca: jira.ca, edition, projects: ['ABC'], ...config },
        ...body,
      }),
    records: async (field = 'summary') => Object.fromEntries((await rows(['key', field])) as [string, unknown][]),
  }
}
