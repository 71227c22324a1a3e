import { afterEach, beforeEach, expect, setDefaultTimeout } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { anyArrived, arrived, copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, apiOf, runtimeConfig } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(60_000)

const ENTRY = fileURLToPath(new URL('../support/runtime/runtime-entry.ts', import.meta.url))
let folder: TemporaryFolder
let platform: ScriptedPlatform
let child: ChildProcess
let api: Api

beforeEach(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
})
afterEach(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function start(): Promise<void> {
  const { worker: _entry, ...config } = await runtimeConfig(folder.path)
  child = spawn(process.execPath, [ENTRY, 'runtime', JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  api = apiOf(config.data)
}

slowTest(
  'kill -9 of the Runtime in the middle takes its worker along; the next start goes on, and no row is lost or double',
  async () => {
    await start()
    await api.send('POST', '/v1/enrolment', { code: platform.code() })
    writeRows(folder, 60_000)
    await platform.deploy(copyFlow())
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
    await until('rows arrived', () => anyArrived(folder))
    const { worker } = (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
    child.kill('SIGKILL')
    await until('the worker is gone', () => {
      try {
        return !process.kill(worker.pid, 0)
      } catch {
        return true
      }
    })
    await start()
    await until('the flow has ended', async () => {
      const { body } = await api.get(`/v1/deployments/${DEPLOYMENT}`)
      return body.state === 'stopped'
    })
    expect(await arrived(folder)).toEqual({ rows: 60_000, distinct: 60_000 })
    expect((await api.get('/v1/audit/verify')).body.ok).toBe(true)
  },
)

slowTest(
  'kill -9 in the middle of a replay: the next start goes on with it, and no record is lost, double, or a letter still',
  async () => {
    const rows = 20_000
    await start()
    await api.send('POST', '/v1/enrolment', { code: platform.code() })
    mkdirSync(folder.file('in'))
    writeFileSync(folder.file('in/a.csv'), `id,by\n${Array.from({ length: rows }, (_, id) => `${id},0`).join('\n')}\n`)
    const dividing = (expression: string, version: number) => {
      const [orders, warehouse] = copyFlow().components
      if (!orders || !warehouse) throw new Error('no components')
      const columns = { id: 'int', by: 'int' }
      return copyFlow({
        version,
        components: [
          { ...orders, config: { paths: ['in/a.csv'], columns } },
          { name: 'divide', type: 'map', from: ['orders'], config: { set: { part: expression } } },
          { ...warehouse, from: ['divide'] },
        ],
      })
    }
    const detail = async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
    await platform.deploy(dividing('id / by', 1))
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
    await until('all were refused', async () => {
      const { state, deadLetters } = await detail()
      return state === 'stopped' && deadLetters === rows
    })
    await platform.deploy(dividing('id + by', 2))
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
    await until('the next version has ended', async () => {
      const { state, version } = await detail()
      return state === 'stopped' && version === 2
    })
    const path = `/v1/deployments/${DEPLOYMENT}/dead-letters`
    const { counts } = (await api.get(`${path}/counts`)).body
    expect(counts).toEqual([{ component: 'divide', code: expect.stringContaining('map.'), count: rows }])
    expect((await api.send('POST', `${path}/replay`, { through: rows })).body).toEqual({ replaying: rows })
    await until('some arrived', () => anyArrived(folder))
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect((await arrived(folder)).rows).toBeLessThan(rows)
    await start()
    await until('none is left', async () => (await detail()).deadLetters === 0)
    expect(await arrived(folder)).toEqual({ rows, distinct: rows })
    expect((await api.get(path)).body.letters).toEqual([])
  },
)
