import { expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/mod.ts'
import { ACCESS_RETRY_MS } from '../../src/runtime/local-access.ts'
import { startRuntime } from '../../src/runtime/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { apiOf, runningRuntime, runtimeConfig } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

setDefaultTimeout(60_000)

test('what could not be written is written within a minute of when it can be', async () => {
  using folder = temporaryFolder()
  const config = await runtimeConfig(folder.path)
  const path = join(config.data, 'access.json')
  mkdirSync(path, { recursive: true })
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms === ACCESS_RETRY_MS ? 20 : ms, signal),
  }
  expect(ACCESS_RETRY_MS).toBeLessThanOrEqual(60_000)
  const runtime = await startRuntime({ ...config, clock })
  try {
    rmSync(path, { recursive: true })
    await until('it is written', () => existsSync(path))
    expect((await apiOf(config.data).get('/v1/users')).status).toBe(200)
  } finally {
    await runtime.close()
  }
})

test('a Runtime whose access file cannot be written starts, and does what its owners ask', async () => {
  using folder = temporaryFolder()
  using aside = temporaryFolder()
  const config = await runtimeConfig(folder.path)
  const path = join(config.data, 'access.json')
  {
    const { runtime } = await runningRuntime(folder.path)
    copyFileSync(path, aside.file('access.json'))
    await runtime.close()
  }
  rmSync(path)
  mkdirSync(path)
  const runtime = await startRuntime(config)
  try {
    const access = JSON.parse(readFileSync(aside.file('access.json'), 'utf8'))
    writeFileSync(aside.file('access.json'), JSON.stringify({ ...access, url: runtime.managementUrl }))
    const api = apiOf(aside.path)
    expect((await api.send('POST', '/v1/users', { name: 'anna', role: 'viewer' })).status).toBe(201)
    expect((await api.send('PATCH', '/v1/users/anna', { role: 'owner' })).status).toBe(200)
    expect((await api.get('/v1/users/anna')).body).toMatchObject({ role: 'owner' })
  } finally {
    await runtime.close()
  }
})
