import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, apiOf, runtimeConfig } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

// A Runtime and its flooders are processes of their own; the test sees what its Platform, its owner and the system see.
setDefaultTimeout(120_000)

const ENTRY = fileURLToPath(new URL('../support/runtime/runtime-entry.ts', import.meta.url))
const FLOODER = fileURLToPath(new URL('../support/runtime/flooder.ts', import.meta.url))

/** ≈130 MiB while it runs a flow, 64 MiB of connections (1,024 × 64 KiB), 64 MiB of bodies, and what a collector has not collected. */
const RSS_BYTES_MAX = 400 * 1_048_576
/**
 * Heartbeats come each second. Alone on two cores the longest gap is 1.7 s and the longest answer 0.4 s; but the flooders and other
 * tests want the same cores. A Runtime that was held up would miss them all.
 */
const BEAT_GAP_MS_MAX = 8_000
const HONEST_MS_MAX = 8_000

const PASSWORD = 'a long and lonely winter coat'

let folder: TemporaryFolder
let platform: ScriptedPlatform
let child: ChildProcess
let api: Api
let url: URL
let authority: string

beforeAll(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
  const { worker: _entry, ...config } = await runtimeConfig(folder.path)
  child = spawn(process.execPath, [ENTRY, 'runtime', JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await new Promise<string>((resolve) => child.stdout?.once('data', (bytes) => resolve(String(bytes))))
  api = apiOf(config.data)
  const access = JSON.parse(readFileSync(folder.file('data/access.json'), 'utf8'))
  url = new URL(access.url)
  authority = access.ca
  const token = said.trim().split('/').at(-1) ?? ''
  expect(await honestForm('/link', { token, password: PASSWORD })).toBe(303)
  // From here on this address is one from which the owner has signed in.
  expect(await honestForm('/sign-in', { name: 'owner', password: PASSWORD })).toBe(303)
  await api.send('POST', '/v1/enrolment', { code: platform.code() })
  await until('a heartbeat came', () => platform.heartbeats.length > 0)
})
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

function rssBytes(): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024
}

/** As the worker last told its Runtime. */
async function rowsWritten(): Promise<number> {
  const { components } = (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
  return components.find(({ name }: { name: string }) => name === 'warehouse')?.messagesIn ?? 0
}

type Flood = { mode: string; count: number; addresses?: number; limitMs: number }

function flood({ mode, count, addresses = 1, limitMs }: Flood): Promise<Record<string, number>> {
  const words = [FLOODER, mode, url.port, `${count}`, `${addresses}`, `${limitMs}`]
  const flooder = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  flooder.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve) => void flooder.once('close', () => resolve(JSON.parse(said))))
}

/** What the owner's browser, at another address than the flood's, is answered. */
function honest(method: 'GET' | 'POST', path: string, body = ''): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
  const options = { method, headers, localAddress: '127.0.0.9', ca: authority, agent: false, timeout: 10_000 }
  return new Promise((resolve, reject) => {
    const visit = request(new URL(path, url), options, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    visit.once('timeout', () => visit.destroy(new Error('nobody answered an honest visitor')))
    visit.once('error', reject).end(body)
  })
}

function honestForm(path: string, fields: Record<string, string>): Promise<number> {
  return honest('POST', path, new URLSearchParams(fields).toString())
}

type Seen = { rss: number; beatGapMs: number; honestMs: number; honestOwnMs: number }

/** Looks on while a flood goes on, four times a second. */
async function during(flooding: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { rss: 0, beatGapMs: 0, honestMs: 0, honestOwnMs: 0 }
  let isOver = false
  void flooding.finally(() => {
    isOver = true
  })
  let beats = platform.heartbeats.length
  let lastBeatMs = systemClock.monotonic()
  while (!isOver) {
    const visited = systemClock.monotonic()
    expect(await honest('GET', '/sign-in')).toBe(200)
    const from = systemClock.monotonic()
    seen.honestMs = Math.max(seen.honestMs, from - visited)
    expect((await api.get('/v1/enrolment')).status).toBe(200)
    const now = systemClock.monotonic()
    seen.honestOwnMs = Math.max(seen.honestOwnMs, now - from)
    seen.rss = Math.max(seen.rss, rssBytes())
    seen.beatGapMs = Math.max(seen.beatGapMs, now - lastBeatMs)
    if (platform.heartbeats.length > beats) lastBeatMs = now
    beats = platform.heartbeats.length
    await systemClock.sleep(250)
  }
  return seen
}

function expectUnharmed(seen: Seen): void {
  expect(seen.rss).toBeLessThan(RSS_BYTES_MAX)
  expect(seen.beatGapMs).toBeLessThan(BEAT_GAP_MS_MAX)
  expect(seen.honestMs).toBeLessThan(HONEST_MS_MAX)
  expect(seen.honestOwnMs).toBeLessThan(HONEST_MS_MAX)
}

describe('a flood of strangers costs neither heartbeats, nor memory beyond its bound, nor an honest visitor his answer', () => {
  slowTest('of connections that say nothing, from forty networks; and a running deployment goes on', async () => {
    writeRows(folder, 500_000, 6)
    await platform.deploy(copyFlow())
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
    await until('rows arrive', async () => (await rowsWritten()) > 0)
    const flooding = flood({ mode: 'connections', count: 10_000, addresses: 40, limitMs: 60_000 })
    const before = await rowsWritten()
    const seen = await during(flooding)
    expect((await flooding)['opened']).toBe(10_000)
    expectUnharmed(seen)
    expect(await rowsWritten()).toBeGreaterThan(before + 1_000)
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/stop`)
  })

  slowTest('of slow senders', async () => {
    const flooding = flood({ mode: 'slow', count: 1_500, addresses: 10, limitMs: 5_000 })
    const seen = await during(flooding)
    expectUnharmed(seen)
  })

  slowTest('of bodies of 1 GiB', async () => {
    const flooding = flood({ mode: 'bodies', count: 40, addresses: 4, limitMs: 6_000 })
    const seen = await during(flooding)
    const outcome = await flooding
    expect(outcome['200'] ?? 0).toBe(0)
    expectUnharmed(seen)
  })

  slowTest('of wrong passwords', async () => {
    const flooding = flood({ mode: 'logins', count: 3_000, addresses: 4, limitMs: 60_000 })
    const signIn = async (afterMs: number): Promise<number> => {
      await systemClock.sleep(afterMs)
      return honestForm('/sign-in', { name: 'owner', password: PASSWORD })
    }
    const signedIn = Promise.all([800, 1_200, 1_600].map(signIn))
    const seen = await during(flooding)
    const outcome = await flooding
    expect(outcome['303'] ?? 0).toBe(0)
    expect(await signedIn).toEqual([303, 303, 303])
    expectUnharmed(seen)
  })
})
