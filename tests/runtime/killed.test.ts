import { afterEach, beforeEach, expect, setDefaultTimeout } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { anyArrived, arrived, copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, apiOf, runtimeConfig, until } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
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
