import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { createMasterKeyFile } from '../../src/keys/mod.ts'
import { type RunningRuntime, type RuntimeConfig, startRuntime } from '../../src/runtime/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { silentServer } from '../support/mail-server.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'
import { anyArrived, arrived, copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, runningRuntime, runtimeConfig } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(60_000)

let folder: TemporaryFolder
let platform: ScriptedPlatform
let runtime: RunningRuntime | undefined
let api: Api

beforeEach(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
})
afterEach(async () => {
  await runtime?.close()
  runtime = undefined
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function start(changes: Partial<RuntimeConfig> = {}): Promise<void> {
  const started = await runningRuntime(folder.path, changes)
  runtime = started.runtime
  api = started.api
}

async function runCopyFlow(paths?: string[]): Promise<void> {
  await api.send('POST', '/v1/enrolment', { code: platform.code() })
  await platform.deploy(copyFlow({}, paths))
  expect((await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})).status).toBe(200)
}

const detail = async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
const ended = async () => (await detail()).state === 'stopped'

slowTest(
  'startRuntime() refuses another master key than the one that made its folder, and a port in use; both leave it whole',
  async () => {
    await start()
    const port = Number(new URL(runtime?.managementUrl ?? '').port)
    await runtime?.close()
    const other = folder.file('other.key')
    await createMasterKeyFile(other)
    const config = await runtimeConfig(folder.path)
    expect(await refusalOf(() => startRuntime({ ...config, masterKey: { kind: 'file', path: other } }))).toBe(
      'master_key.wrong',
    )
    using second = temporaryFolder()
    const blocker = await startRuntime(await runtimeConfig(second.path, { port }))
    expect(await refusalOf(() => startRuntime({ ...config, port }))).toBe('host.port_in_use')
    await blocker.close()
    await start({ port })
    expect((await api.get('/v1/audit/verify')).body.ok).toBe(true)
  },
)

slowTest('a next version takes over in the middle: the former is drained, and no row is lost or double', async () => {
  await start()
  writeRows(folder, 20_000, 3)
  await runCopyFlow()
  await until('rows arrived', () => anyArrived(folder))
  expect((await platform.deploy(copyFlow({ version: 2 }))).outcome).toBe('applied')
  await until('the flow has ended', async () => (await ended()) && (await detail()).version === 2)
  expect(await arrived(folder)).toEqual({ rows: 60_000, distinct: 60_000 })
  const told = platform.status.filter(({ entry }) => entry.version === 1).map(({ entry }) => entry.state)
  expect(told).toContain('draining')
})

slowTest('close() in the middle drains, and the next start goes on where it stopped', async () => {
  await start()
  writeRows(folder, 20_000, 3)
  await runCopyFlow()
  await until('rows arrived', () => anyArrived(folder))
  await runtime?.close()
  const halfway = (await arrived(folder)).rows
  expect(halfway).toBeGreaterThan(0)
  await start()
  await until('the flow has ended', ended)
  expect(await arrived(folder)).toEqual({ rows: 60_000, distinct: 60_000 })
})

test('a deployment that the Platform stopped stays stopped over a restart', async () => {
  await start()
  await runCopyFlow(['in/missing.csv'])
  await until('it fails', async () => (await detail()).state === 'failed')
  expect(await platform.stop(copyFlow())).toBe('draining')
  await until('it has stopped', ended)
  await runtime?.close()
  await start()
  expect(await detail()).toMatchObject({ state: 'stopped', reasons: [] })
  expect((await detail()).worker).toBeUndefined()
  const url = runtime?.managementUrl
  await until('it beats again', () => platform.heartbeats.some(({ managementUrl }) => managementUrl === url))
  expect(await platform.stop(copyFlow())).toBe('stopped')
})

slowTest('a worker that holds more memory than configured is killed, and the reason is shown and told', async () => {
  await start({ workerMemoryBytesMax: 16_777_216 })
  // Nobody writes into the pipe: a worker that fails or is done within the first second would end before anyone looks.
  mkdirSync(folder.file('in'), { recursive: true })
  expect(spawnSync('mkfifo', [folder.file('in/pipe.csv')]).status).toBe(0)
  await runCopyFlow(['in/pipe.csv'])
  await until('it was killed', async () => (await detail()).reasons[0]?.code === 'worker.memory_exceeded')
  await until('it was told', () =>
    platform.status.some(({ entry }) => entry.reasons.some(({ code }) => code === 'worker.memory_exceeded')),
  )
})

slowTest('a worker that hangs keeps neither the overview nor its own page from its owner', async () => {
  await start()
  // It waits for its file, so it is there to be held.
  await runCopyFlow(['in/missing.csv'])
  const { pid } = await until('it has a worker', async () => (await detail()).worker)
  process.kill(pid, 'SIGSTOP')
  try {
    const { status, body } = await api.get('/v1/status')
    expect([status, body.deployments.length]).toEqual([200, 1])
    expect((await detail()).worker.pid).toBe(pid)
    const letters = await api.get(`/v1/deployments/${DEPLOYMENT}/dead-letters`).catch(({ code }) => code)
    expect(['host.timeout', 'worker.silent']).toContain(letters.body?.code ?? letters)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('a stop waits for no mail server that takes connections and never speaks', async () => {
  await using silent = await silentServer()
  await start()
  const mail = { name: 'ops', host: '127.0.0.1', port: silent.port, security: 'tls', from: 'a@example.com' }
  expect((await api.send('POST', '/v1/alerts/channels/mail', { ...mail, to: ['b@example.com'] })).status).toBe(201)
  const told = api.send('POST', '/v1/alerts/channels/ops/test').catch(() => undefined)
  await until('the mail server is asked', () => silent.heard() === 1)
  const beganMs = performance.now()
  await runtime?.close()
  runtime = undefined
  await told
  // A mail is given 20 s.
  expect(performance.now() - beganMs).toBeLessThan(15_000)
})
