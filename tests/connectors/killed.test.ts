import { expect } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CLOUD_TOKEN, CLOUD_USER, jiraDouble } from '../support/doubles/jira.ts'
import { TICKETS_TOKEN, ticketsDouble } from '../support/doubles/tickets.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest as test } from '../support/quick.ts'
import { type Api, apiOf, runtimeConfig } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

const ENTRY = fileURLToPath(new URL('../support/runtime/runtime-entry.ts', import.meta.url))
const ISSUES = 120
const MINUTE = 60_000

type Running = { child: ChildProcess; api: Api }

async function runtimeToKill(folder: ReturnType<typeof temporaryFolder>) {
  mkdirSync(folder.file('files'))
  const config = await runtimeConfig(folder.path, { files: folder.file('files') })
  const { worker: _, ...given } = config
  const start = async (): Promise<Running> => {
    const child = spawn(process.execPath, [ENTRY, 'runtime', JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    return { child, api: apiOf(given.data) }
  }
  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
  return { start, kill }
}

test('kill -9 of a Runtime in the middle of pulls loses none and doubles none, and the cut-off runs are told', async () => {
  using folder = temporaryFolder()
  await using jira = await jiraDouble()
  for (let n = 1; n <= ISSUES; n++) jira.put({ key: `ABC-${n}`, updatedMs: Date.UTC(2026, 0, 2) + n * MINUTE })
  const { start, kill } = await runtimeToKill(folder)
  let { child, api } = await start()
  await api.send('PUT', '/v1/credentials/jira', {
    kind: 'password',
    fields: { username: CLOUD_USER, password: CLOUD_TOKEN },
  })
  const { id: tenant } = (await api.send('POST', '/v1/data-tenants', { name: 'acme' })).body
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const { id: dataset } = (await api.send('POST', datasets, { name: 'issues', shape: 'issues' })).body
  const path = `/v1/data-tenants/${tenant}/connectors`
  const settings = { url: jira.url, ca: jira.ca, projects: ['ABC'], pageIssues: 10 }
  const body = { name: 'issues', dataset, type: 'jira', credential: 'jira', network: 'private', config: settings }
  expect((await api.send('POST', path, body)).status).toBe(201)

  let searches = 0
  jira.onSearch = () => void searches++
  for (const killAt of [3, 5, 4]) {
    searches = 0
    await api.send('POST', `${path}/issues/run`)
    await until(`${killAt} pages were asked for`, () => searches >= killAt)
    await kill(child)
    ;({ child, api } = await start())
  }
  await api.send('POST', `${path}/issues/run`)
  const runs = await until('the last run has ended', async () => {
    const { body: all } = await api.get(`${path}/issues/runs`)
    return all.runs[0]?.endedAt ? all.runs : undefined
  })
  expect(runs.map(({ state }: { state: string }) => state)).toEqual(['done', 'cut-off', 'cut-off', 'cut-off'])
  // It went on where each was killed and did not begin anew: a first page stands in no document but the first.
  const { body: page } = await api.send('POST', `${datasets}/${dataset}/query`, { fields: ['key'], limit: 1_000 })
  const keys = page.rows.map(([key]: [string]) => key)
  expect([keys.length, new Set(keys).size]).toEqual([ISSUES, ISSUES])
  const { body: imports } = await api.get(`${datasets}/${dataset}/imports?limit=200`)
  const documents = imports.imports.map(({ sha256 }: { sha256: string }) => sha256)
  expect(new Set(documents).size).toBe(documents.length)
  await kill(child)
}, 60_000)

test('kill -9 doubles no row of a table, which has no key, and the cursor goes on where it was', async () => {
  using folder = temporaryFolder()
  await using tickets = await ticketsDouble()
  for (let id = 1; id <= ISSUES; id++)
    tickets.put({ id, title: `ticket ${id}`, updatedMs: Date.UTC(2026, 0, 2) + id * MINUTE })
  const { start, kill } = await runtimeToKill(folder)
  let { child, api } = await start()
  await api.send('PUT', '/v1/credentials/tickets', { kind: 'token', fields: { token: TICKETS_TOKEN } })
  const { id: tenant } = (await api.send('POST', '/v1/data-tenants', { name: 'acme' })).body
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const { id: dataset } = (await api.send('POST', datasets, { name: 'tickets', shape: 'table' })).body
  const path = `/v1/data-tenants/${tenant}/connectors`
  const config = {
    ...{ url: tickets.url, ca: tickets.ca, path: '/v2/linked', authorization: { header: 'X-Api-Key' }, key: '/id' },
    ...{ query: { updated_since: '{since}', sort: 'updated', per_page: 10 }, paging: { kind: 'link' } },
    cursor: { kind: 'time', at: '/updated', sorted: true },
  }
  const body = { name: 'tickets', dataset, type: 'rest', credential: 'tickets', network: 'private', config }
  expect((await api.send('POST', path, body)).status).toBe(201)
  for (const killAt of [3, 5, 6]) {
    tickets.asked.length = 0
    await api.send('POST', `${path}/tickets/run`)
    await until(`${killAt} pages were asked for`, () => tickets.asked.length >= killAt)
    await kill(child)
    ;({ child, api } = await start())
    const { cursor } = (await api.get(`${path}/tickets/cursor`)).body
    expect([cursor.open, cursor.updatedUpToMs > Date.UTC(2026, 0, 2)]).toEqual([true, true])
  }
  await api.send('POST', `${path}/tickets/run`)
  await until('the last run has ended', async () => (await api.get(`${path}/tickets/runs`)).body.runs[0]?.endedAt)
  const { body: page } = await api.send('POST', `${datasets}/${dataset}/query`, { fields: ['id'], limit: 1_000 })
  const ids = page.rows.map(([id]: [number]) => id)
  expect([ids.length, new Set(ids).size]).toEqual([ISSUES, ISSUES])
  await kill(child)
}, 60_000)
