/** The data of a Runtime as its API has it: people with a role in a data tenant, documents sent as a pipeline sends them. */
import type { Role } from '../../../src/accounts/mod.ts'
import { until } from '../until.ts'
import { type Asked, type ManagementHost, ORIGIN } from './management-host.ts'

export const PEER = { address: '192.0.2.7', port: 40_001 }

export type Sent = Omit<RequestInit, 'headers'> & { token?: string; headers?: Record<string, string> }

/** Sends a body as it is. */
export async function send({ app }: Pick<ManagementHost, 'app'>, path: string, sent: Sent): Promise<Asked> {
  const { token, headers: given, method = 'POST', ...init } = sent
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...given }
  const request = new Request(`${ORIGIN}${path}`, { method, headers, ...init })
  const answer = await app.fetch(request, { peer: PEER })
  const text = await answer.text()
  const json = /json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, body: json ? JSON.parse(text) : undefined, text, headers: answer.headers }
}

/** A data tenant with a dataset of the shape `table`, its owner (an owner of the Runtime), and an upload token. */
export type Party = { owner: string; tenant: string; dataset: string; below: string; upload: string; token: string }

export async function party(host: ManagementHost, name: string): Promise<Party> {
  const owner = await host.tokenFor('owner')
  const made = await host.ask('POST', '/v1/data-tenants', { token: owner, body: { name } })
  const tenant: string = made.body.id
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const body = { name: 'results', shape: 'table' }
  const dataset: string = (await host.ask('POST', datasets, { token: owner, body })).body.id
  const below = `${datasets}/${dataset}`
  const { id: token, token: upload } = (
    await host.ask('POST', `${below}/tokens`, { token: owner, body: { name: 'nightly' } })
  ).body
  return { owner, tenant, dataset, below, upload, token }
}

/** An API token of a new user, viewer on the Runtime, with that role in the data tenant; cleared for everything unless said otherwise. */
export async function memberFor(
  host: ManagementHost,
  { tenant, owner }: Party,
  role: Role,
  clearance: 'public' | 'restricted' = 'restricted',
): Promise<string> {
  const token = await host.tokenFor('viewer')
  const { id } = (await host.ask('GET', '/v1/account', { token })).body
  await host.ask('PUT', `/v1/data-tenants/${tenant}/members/${id}`, { token: owner, body: { role, clearance } })
  return token
}

/** What an import came to. */
export function imported(host: ManagementHost, { below, owner }: Party, id: string): Promise<Asked['body']> {
  return until(`the import ${id} has ended`, async () => {
    const { body } = await host.ask('GET', `${below}/imports/${id}`, { token: owner })
    return body?.endedAt ? body : undefined
  })
}
