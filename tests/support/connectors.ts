/** A data tenant with a dataset of issues and a connector to a double of Jira, as its owner has them by the API. */
import { CLOUD_TOKEN, CLOUD_USER, type JiraDouble, SERVER_TOKEN } from './doubles/jira.ts'
import type { Asked, ManagementHost } from './runtime/management-host.ts'
import { until } from './until.ts'

export type ConnectorWorld = {
  owner: string
  tenant: string
  dataset: string
  /** Of the connectors. */
  path: string
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Asked>
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
  const owner = await host.tokenFor('owner')
  const ask: ConnectorWorld['ask'] = (method, path, body, token = owner) =>
    host.ask(method, path, { token, ...(body !== undefined && { body }) })
  const credential =
    edition === 'cloud'
      ? { kind: 'password', fields: { username: CLOUD_USER, password: CLOUD_TOKEN } }
      : { kind: 'token', fields: { token: SERVER_TOKEN } }
  await ask('PUT', '/v1/credentials/jira', credential)
  const tenant: string = (await ask('POST', '/v1/data-tenants', { name: `tenant of ${edition} ${Math.random()}` })).body
    .id
  const dataset: string = (
    await ask('POST', `/v1/data-tenants/${tenant}/datasets`, { name: 'issues', shape: 'issues' })
  ).body.id
  const path = `/v1/data-tenants/${tenant}/connectors`
  return {
    ...{ owner, tenant, dataset, path, ask },
    make: (name, { config = {}, body = {} } = {}) =>
      ask('POST', path, {
        ...{ name, dataset, type: 'jira', credential: 'jira', network: 'private' },
        config: { url: jira.url, ca: jira.ca, edition, projects: ['ABC'], ...config },
        ...body,
      }),
    async run(name) {
      const begun = await ask('POST', `${path}/${name}/run`)
      if (begun.status !== 202) throw new Error(`the run was refused: ${begun.text}`)
      return until(`the run of ${name} has ended`, async () => {
        const { body } = await ask('GET', `${path}/${name}/runs`)
        const run = body.runs.find(({ id }: { id: string }) => id === begun.body.id)
        return run.endedAt ? run : undefined
      })
    },
    async records(field = 'summary') {
      const { body } = await ask('POST', `/v1/data-tenants/${tenant}/datasets/${dataset}/query`, {
        fields: ['key', field],
        limit: 1_000,
      })
      return Object.fromEntries(body.rows)
    },
  }
}
