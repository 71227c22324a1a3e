import { afterEach, beforeEach, expect, setDefaultTimeout } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/base/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { type Api, apiOf, runtimeConfig } from '../../support/runtime/running.ts'
import { until } from '../../support/until.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(120_000)

const ENTRY = fileURLToPath(new URL('../../support/runtime/runtime-entry.ts', import.meta.url))
const NAMES = ['database', 'journals', 'credentials', 'trust', 'master'] as const
let folder: TemporaryFolder
let child: ChildProcess
let api: Api

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  folder[Symbol.dispose]()
})

async function start(): Promise<void> {
  const { worker: _entry, ...config } = await runtimeConfig(folder.path)
  child = spawn(process.execPath, [ENTRY, 'runtime', JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  api = apiOf(config.data)
}

async function kill(): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

slowTest(
  'kill -9 amid the rotation of any key loses nothing: the next start opens all and brings it to its end',
  async () => {
    await start()
    for (let n = 0; n < 60; n++) {
      await api.send('PUT', `/v1/credentials/c${n}`, { fields: { password: `secret ${n}` } })
    }
    // Each key at another moment of its rotation in every round.
    for (const delayMs of [0, 3, 12, 40]) {
      for (const name of NAMES) {
        const begun = api.send('POST', `/v1/keys/${name}/rotate`, {}).catch(() => undefined)
        await systemClock.sleep(delayMs)
        if (delayMs > 3) await begun
        await kill()
        await begun
        await start()
        const { body } = await api.get('/v1/credentials')
        expect(body.credentials).toHaveLength(60)
        await until(`${name} has come to its end`, async () => {
          const { keys } = (await api.get('/v1/keys')).body
          return keys.every(({ state }: { state: string }) => state === 'idle')
        })
        expect((await api.get('/v1/audit/verify')).body).toMatchObject({ ok: true })
      }
    }
  },
)
