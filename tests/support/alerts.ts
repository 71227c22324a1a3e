/** An alerts desk over a real database, and receivers that really listen. */
import { type Alerts, type Condition, openAlerts } from '../../src/alerts/mod.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import { type HttpsServer, serveHttps } from '../../src/host/mod.ts'
import { alertMessages, runtimeDatabase } from '../../src/store/mod.ts'
import { testAuthority } from './certificates.ts'
import { memoryFolder } from './folder.ts'
import { frozenClock } from './frozen-clock.ts'

export type Desk = Disposable & {
  alerts: Alerts
  clock: ReturnType<typeof frozenClock>
  /** Messages that are still to be told, of all channels. */
  waiting(): Promise<number>
  /** Aborted when its server stops. */
  closing: AbortController
  /** The same desk, as a process that was started again has it. */
  reopened(): Promise<Alerts>
  /** Every byte of its database files, with and without the key. */
  path: string
}

export async function alertsDesk(): Promise<Desk> {
  const folder = memoryFolder()
  const clock = frozenClock()
  const key = await importWrappingKey(systemRandom(32))
  const path = folder.file('some.db')
  const databaseKey = systemRandom(32)
  let db = await runtimeDatabase(path, databaseKey.slice())
  const closing = new AbortController()
  const open = (): Alerts =>
    openAlerts({
      ...{ db, clock, random: systemRandom, sealing: async () => key },
      ...{ server: 'Runtime factory-01', source: async () => 'urn:sluice:runtime:rt_1', closing: closing.signal },
    })
  return {
    alerts: open(),
    ...{ clock, path, closing },
    waiting: () => db.$count(alertMessages),
    async reopened() {
      db.close()
      db = await runtimeDatabase(path, databaseKey.slice())
      return open()
    },
    [Symbol.dispose]() {
      db.close()
      folder[Symbol.dispose]()
    },
  }
}

/** One look, and what it made due is sent. */
export async function look(alerts: Alerts, conditions: readonly Condition[]): Promise<void> {
  await alerts.notice(conditions)
  await alerts.deliver()
}

export type Hook = AsyncDisposable & {
  url: string
  ca: string
  taken: { headers: Headers; body: string }[]
  /** The status of its next answers. */
  status: number
}

/** A receiver of webhooks. */
export async function webhookReceiver({ onTaken }: { onTaken?: () => void } = {}): Promise<Hook> {
  const authority = await testAuthority('hooks')
  const taken: Hook['taken'] = []
  const server: HttpsServer = await serveHttps({
    ...{ hostname: '127.0.0.1', port: 0, tls: await authority.issue({ ip: ['127.0.0.1'] }) },
    async fetch(request) {
      taken.push({ headers: request.headers, body: await request.text() })
      onTaken?.()
      const headers = hook.status === 302 ? { location: `https://127.0.0.1:${server.port}/elsewhere` } : {}
      return new Response('taken', { status: hook.status, headers })
    },
  })
  const hook: Hook = {
    ...{ url: `https://127.0.0.1:${server.port}/T0PSECRETPATH`, ca: authority.certificatePem, taken, status: 204 },
    [Symbol.asyncDispose]: () => server.close(),
  }
  return hook
}
