/** A Runtime's parts and its Management Interface without a port and without workers: requests handed in as the server hands them in. */
import { fileURLToPath } from 'node:url'
import { type Accounts, type Role, SESSION_COOKIE } from '../../../src/accounts/mod.ts'
import { type Clock, Lifetime, logOf, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { openRuntimeAlerts } from '../../../src/runtime/alerts.ts'
import { type ManagementApp, type ManagementDeps, machinesApp, managementApp } from '../../../src/runtime/app.ts'
import { openRuntimeCertificates } from '../../../src/runtime/certificates.ts'
import { composeStation } from '../../../src/runtime/compose.ts'
import type { RuntimeConfig } from '../../../src/runtime/config.ts'
import { openRuntimeKeys } from '../../../src/runtime/keys/runtime-keys.ts'
import { openLocalAccounts } from '../../../src/runtime/local-accounts.ts'
import { openState, type RuntimeState } from '../../../src/runtime/open-state.ts'
import { peopleApp } from '../../../src/runtime/people-app.ts'
import { METRICS_TOKEN } from '../../../src/runtime/state/after-restore.ts'
import type { Station } from '../../../src/runtime/station.ts'
import { launcher } from '../../../src/runtime/supervision/worker-process.ts'
import { openMetricsToken } from '../../../src/server/mod.ts'
import { memoryFolder, temporaryFolder } from '../folder.ts'
import { runtimeConfig } from './running.ts'
import { testTypes } from './types.ts'

// biome-ignore lint/suspicious/noExplicitAny: what an API answers is looked into field by field by the test
export type Asked = { status: number; body: any; text: string; headers: Headers }

export type ManagementHost = AsyncDisposable & {
  app: ManagementApp
  /** What it serves, to machines and to people. */
  routes: readonly { method: string; path: string }[]
  station: Station
  state: RuntimeState
  accounts: Accounts
  /** Its data folder. */
  data: string
  /** An API token of a new user with that role. */
  tokenFor(role: Role): Promise<string>
  /** The cookie of a session of a new user with that role, who has a password. */
  sessionFor(role: Role): Promise<string>
  /** Asks with a token or a cookie; a `form` is sent as a page of ours would. */
  ask(
    method: string,
    path: string,
    by: {
      token?: string
      cookie?: string
      body?: unknown
      form?: Record<string, string>
      headers?: Record<string, string>
    },
  ): Promise<Asked>
}

export const ORIGIN = 'https://runtime.example:8752'
export const PASSWORD = 'a long and lonely winter coat'

export async function managementHost(
  given: { clock?: Clock; config?: Partial<RuntimeConfig> } = {},
): Promise<ManagementHost> {
  const { clock = systemClock } = given
  const folder = memoryFolder()
  const files = temporaryFolder()
  const lifetime = new Lifetime()
  lifetime.defer(async () => folder[Symbol.dispose]())
  lifetime.defer(async () => files[Symbol.dispose]())
  const time = { clock, random: systemRandom }
  const config = await runtimeConfig(folder.path, { files: files.path, ...given.config })
  const state = await openState(config, { ...time, lifetime })
  const stopping = new AbortController()
  const station = composeStation({
    ...{ state, types: testTypes, ...time, log: logOf('test'), name: config.name, files: config.files },
    launch: launcher(() => 1, { entry: fileURLToPath(new URL('./worker-entry.ts', import.meta.url)), clock }),
    ...{ memoryBytesMax: () => 1, settings: {}, closing: stopping.signal },
    addresses: () => ({ managementUrl: ORIGIN, bridgeHost: 'runtime.example', bridgePort: 32_100 }),
  })
  lifetime.defer(() => station.close())
  lifetime.defer(async () => stopping.abort())
  const { accounts } = await openLocalAccounts({ ...state, ...time })
  const alerts = openRuntimeAlerts({ ...station, ...time, closing: stopping.signal })
  const deps: ManagementDeps = {
    ...station,
    accounts,
    ownersChanged: async () => undefined,
    alerts,
    keys: await openRuntimeKeys({ config, state, station, lifetime, ...time }),
    metricsToken: await openMetricsToken({ store: state.settings.keptAt(METRICS_TOKEN), ...time }),
    certificates: await openRuntimeCertificates({ state, config, clock, closing: stopping.signal }),
    ...time,
    signal: stopping.signal,
    waitsFor: async () => [],
  }
  const app = managementApp(deps)
  const place = { shown: { kind: 'runtime', name: config.name }, base: '', cookie: SESSION_COOKIE } as const
  const routes = [machinesApp, peopleApp].flatMap((part) => part(deps, place).routes)
  let users = 0
  const userOf = (role: Role) => accounts.createUser({ name: `${role}-${++users}`, role })
  const host: ManagementHost = {
    ...{ app, routes, station, state, accounts, data: config.data },
    async tokenFor(role) {
      const { id: user } = await userOf(role)
      return (await accounts.createApiToken({ user, name: 'test', expires: clock.now() + 3_600_000 })).token
    },
    async sessionFor(role) {
      const { id } = await userOf(role)
      const token = await accounts.oneTimeLink(id, 'set-password')
      const { headers } = await host.ask('POST', '/link', { form: { token, password: PASSWORD } })
      return (headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    },
    ask: (method, path, by) => ask(app, method, path, by),
    [Symbol.asyncDispose]: () => lifetime.close(),
  }
  return host
}

async function ask(
  app: ManagementHost['app'],
  method: string,
  path: string,
  by: Parameters<ManagementHost['ask']>[2],
): Promise<Asked> {
  const { token, cookie, body, form } = by
  const headers = new Headers({
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(cookie !== undefined && { cookie }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(form && { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: ORIGIN }),
  })
  for (const [name, value] of Object.entries(by.headers ?? {})) headers.set(name, value)
  const sent = form ? new URLSearchParams(form).toString() : body === undefined ? undefined : JSON.stringify(body)
  const request = new Request(`${ORIGIN}${path}`, { method, headers, ...(sent !== undefined && { body: sent }) })
  const answer = await app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
  const text = await answer.text()
  const json = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, body: json ? JSON.parse(text) : undefined, text, headers: answer.headers }
}
