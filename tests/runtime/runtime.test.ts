import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import type { Assignment } from '../../src/wire/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { anyArrived, arrived, copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, apiOf, runningRuntime } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT, RUNTIME, TENANT } from '../support/wire/parties.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(60_000)

let folder: TemporaryFolder
let platform: ScriptedPlatform
let runtime: RunningRuntime | undefined
let api: Api

beforeEach(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
  await start()
})
afterEach(async () => {
  await runtime?.close()
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function start(): Promise<void> {
  const started = await runningRuntime(folder.path)
  runtime = started.runtime
  api = started.api
}

async function restart(): Promise<void> {
  await runtime?.close()
  runtime = undefined
  await start()
}

async function enrol(): Promise<void> {
  const answer = await api.send('POST', '/v1/enrolment', { code: platform.code() })
  expect(answer.status).toBe(201)
}

async function detail() {
  return (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
}

async function approveAndRun(assignment: Assignment): Promise<void> {
  expect((await platform.deploy(assignment)).outcome).toBe('awaiting-approval')
  expect((await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })).status).toBe(200)
}

test('startRuntime() leaves access for this machine’s command line, readable by nobody else', async () => {
  expect(statSync(folder.file('data/access.json')).mode & 0o777).toBe(0o600)
  expect(runtime?.oneTimeLink).toStartWith('https://127.0.0.1:')
  expect((await api.get('/v1/status')).body).toMatchObject({ name: 'factory-01', deployments: [] })
  const access = JSON.parse(readFileSync(folder.file('data/access.json'), 'utf8'))
  writeFileSync(folder.file('data/access.json'), JSON.stringify({ ...access, token: 'wrong' }))
  expect((await apiOf(folder.file('data')).get('/v1/status')).status).toBe(401)
})

test('the command line’s token outlives a restart, and one that was spoilt is replaced', async () => {
  const path = folder.file('data/access.json')
  const before = JSON.parse(readFileSync(path, 'utf8'))
  await restart()
  expect(JSON.parse(readFileSync(path, 'utf8')).token).toBe(before.token)
  writeFileSync(path, JSON.stringify({ ...before, token: 'wrong' }))
  await restart()
  const after = JSON.parse(readFileSync(path, 'utf8')).token
  expect(after).not.toBe(before.token)
  expect((await apiOf(folder.file('data')).get('/v1/status')).status).toBe(200)
})

test('a Runtime enrols by a code, beats, and answers a ping with its inventory', async () => {
  await enrol()
  const first = await until('a heartbeat came', () => platform.heartbeats[0])
  expect(first).toMatchObject({ leaving: false, deployments: [] })
  expect((await api.send('PUT', '/v1/credentials/warehouse', { fields: { password: 'geheim' } })).status).toBe(200)
  const inventory = await platform.ping()
  expect(inventory.credentials).toEqual(['warehouse'])
  expect(inventory.componentTypes).toContain('csv_file')
  await until('a heartbeat told of the change', () =>
    platform.heartbeats.some((beat) => beat.configurationHash === inventory.configurationHash),
  )
  expect((await api.get('/v1/enrolment')).body).toMatchObject({ state: 'enrolled', runtime: RUNTIME, tenant: TENANT })
  await runtime?.close()
  runtime = undefined
  expect(platform.heartbeats.at(-1)?.leaving).toBe(true)
  expect(platform.received.join('\n')).not.toContain('geheim')
})

test('a wrong, an expired and a second enrolment are refused, each by its code', async () => {
  const post = async (code: string) => (await api.send('POST', '/v1/enrolment', { code })).body.code
  expect(await post('slx_nonsense')).toBe('enrolment_code.malformed')
  expect(await post(platform.code(-1_000))).toBe('enrolment.expired')
  expect((await api.get('/v1/enrolment')).body.state).toBe('none')
  await enrol()
  expect(await post(platform.code())).toBe('enrolment.exists')
})

test('a stranger at C2’s door gets one same answer, before and after enrolment', async () => {
  await enrol()
  const answers = await Promise.all(
    ['', 'x', 'a.b.c', `${'e30'}.${'e30'}.${'e30'}`].map((token) => platform.post(token)),
  )
  const bodies = new Set(answers.map(({ body }) => JSON.stringify({ ...JSON.parse(body), requestId: '' })))
  expect(bodies.size).toBe(1)
  expect(answers[0]?.status).toBe(400)
})

test('an approved deployment moves every row, ends, and its owed messages reach the Platform', async () => {
  await enrol()
  writeRows(folder, 2_000)
  await approveAndRun(copyFlow())
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  expect(await arrived(folder)).toEqual({ rows: 2_000, distinct: 2_000 })
  expect((await detail()).reasons).toEqual([{ code: 'flow.ended' }])
  expect((await detail()).components.find((one: { name: string }) => one.name === 'orders')).toMatchObject({
    messagesOut: 2_000,
  })
  await until('the end was told', () => platform.status.some(({ entry }) => entry.state === 'stopped'))
  await until('logs were told', () => platform.logs.some(({ entry }) => entry.template === 'source.opened'))
  const { entries } = (await api.get('/v1/audit')).body
  const actions = entries.map((entry: { action: string }) => entry.action)
  expect(actions).toContain('runtime.enrolled')
  expect(actions).toContain('deployment.received')
  expect(actions).toContain('deployment.approved')
  expect((await api.get('/v1/audit/verify')).body.ok).toBe(true)
})

slowTest('kill -9 of a worker in the middle restarts it, and no row is lost or double', async () => {
  await enrol()
  writeRows(folder, 20_000, 3)
  await approveAndRun(copyFlow())
  await until('rows arrived', async () => anyArrived(folder))
  const { worker, state } = await detail()
  expect(state).not.toBe('stopped')
  process.kill(worker.pid, 'SIGKILL')
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  expect((await detail()).worker.restarts).toBe(1)
  expect(await arrived(folder)).toEqual({ rows: 60_000, distinct: 60_000 })
})

slowTest('a restart resumes an approved deployment without asking again', async () => {
  await enrol()
  writeRows(folder, 100)
  const watching = copyFlow({}, ['in/missing.csv'])
  await approveAndRun(watching)
  await until('the file is missed', async () => (await detail()).state === 'failed')
  expect((await detail()).reasons).toMatchObject([
    { code: 'csv_file.file_missing', component: 'orders', item: 'in/missing.csv' },
  ])
  await runtime?.close()
  writeFileSync(folder.file('in/missing.csv'), readFileSync(folder.file('in/orders-0.csv')))
  await start()
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  expect((await arrived(folder)).rows).toBe(100)
  const counted = (await detail()).components
  await restart()
  expect((await detail()).components.map(({ messagesOut }: { messagesOut: number }) => messagesOut)).toEqual(
    counted.map(({ messagesOut }: { messagesOut: number }) => messagesOut),
  )
  expect(counted.length).toBeGreaterThan(0)
})

test('a deployment that fails says which component, at what and what to do; the Platform is told none of the words', async () => {
  await enrol()
  mkdirSync(folder.file('in'))
  writeFileSync(folder.file('in/Jane Roe.csv'), 'name\nJane\n')
  await approveAndRun(copyFlow())
  const told = { code: 'csv_file.header_invalid', component: 'orders', item: 'in/*.csv' }
  const { reasons } = await until('it has failed', async () => {
    const now = await detail()
    return now.reasons.length > 0 ? now : undefined
  })
  expect(reasons).toEqual([
    {
      ...told,
      message: `${folder.file('in/Jane Roe.csv')} has no column id`,
      advice: expect.stringContaining('Compare the first line'),
    },
  ])
  const { attention } = (await api.get('/v1/status')).body
  expect(attention[0]).toMatchObject({
    what: 'orders does not run: csv_file.header_invalid (orders, in/*.csv)',
    effect: expect.stringContaining('Compare the first line'),
  })
  await until('the Platform knows by status and by heartbeat', () => {
    const [last] = platform.status.slice(-1)
    const beaten = platform.heartbeats.at(-1)?.deployments[0]
    return last?.entry.reasons.length === 1 && beaten?.reasons.length === 1
  })
  expect(platform.status.at(-1)?.entry.reasons).toEqual([told])
  expect(platform.heartbeats.at(-1)?.deployments[0]?.reasons).toEqual([told])
  expect(JSON.stringify([platform.status, platform.heartbeats, platform.logs])).not.toContain('Jane')
})

test('what is owed while the Platform is gone survives a restart and is told once and in order', async () => {
  await enrol()
  writeRows(folder, 500)
  expect((await platform.deploy(copyFlow())).outcome).toBe('awaiting-approval')
  await until('the waiting was told', () => platform.status.length > 0)
  platform.down = true
  const toldBefore = platform.status.length
  await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  expect((await arrived(folder)).rows).toBe(500)
  expect(platform.status.length).toBe(toldBefore)
  await until('something is owed', async () => (await api.get('/v1/enrolment')).body.owed.status > 0)
  await runtime?.close()
  platform.down = false
  await start()
  await until('the end was told', () => platform.status.some(({ entry }) => entry.state === 'stopped'))
  await until('nothing is owed', async () => {
    const { owed } = (await api.get('/v1/enrolment')).body
    return owed.status === 0 && owed.auditLogs === 0
  })
  for (const stream of [platform.status, platform.logs]) {
    expect(stream.map(({ position }) => position)).toEqual(stream.map((_, index) => index + 1))
  }
  const states = platform.status.map(({ entry }) => entry.state)
  expect(states.indexOf('awaiting-approval')).toBeLessThan(states.indexOf('stopped'))
})

test('records that a component refuses are kept as dead letters, listed and dropped by the owner, never told', async () => {
  await enrol()
  mkdirSync(folder.file('in'))
  writeFileSync(folder.file('in/orders-0.csv'), 'id,name\n1,good\nnot-a-number,canary-geheim\n3,good\n')
  await approveAndRun(copyFlow())
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  expect((await arrived(folder)).rows).toBe(2)
  const { letters } = (await api.get(`/v1/deployments/${DEPLOYMENT}/dead-letters?records=true`)).body
  expect(letters).toHaveLength(1)
  expect(Buffer.from(letters[0].record, 'base64url').toString()).toContain('canary-geheim')
  expect((await detail()).deadLetters).toBe(1)
  const through = letters[0].number
  const dropped = await api.send('POST', `/v1/deployments/${DEPLOYMENT}/dead-letters/drop`, { through })
  expect(dropped.body).toEqual({ dropped: 1 })
  expect((await api.get(`/v1/deployments/${DEPLOYMENT}/dead-letters`)).body.letters).toEqual([])
  await until('the end was told', () => platform.status.some(({ entry }) => entry.state === 'stopped'))
  expect(platform.received.join('\n')).not.toContain('canary-geheim')
})
