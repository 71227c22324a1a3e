import { afterEach, beforeEach, expect, setDefaultTimeout } from 'bun:test'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { configure, type LogRecord, reset } from '@logtape/logtape'
import { CHECKS_AT_ONCE, CHECKS_WAITING_MAX } from '../../src/accounts/passwords.ts'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { PASSWORD, Visitor } from '../support/runtime/flood-visitor.ts'
import { runningRuntime } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

setDefaultTimeout(60_000)

/** Who is checked, and who waits for it. */
const ROOM = CHECKS_AT_ONCE + CHECKS_WAITING_MAX
const { verify } = Bun.password

let folder: TemporaryFolder
let runtime: RunningRuntime
let place: { url: URL; ca: string }
let checks: number
let checked: number
let mayCheck: ReturnType<typeof Promise.withResolvers<void>>
let failures: LogRecord[]

beforeEach(async () => {
  folder = temporaryFolder()
  ;[checks, checked, mayCheck, failures] = [0, 0, Promise.withResolvers<void>(), []]
  await configure({
    sinks: { kept: (record) => void (['warning', 'error', 'fatal'].includes(record.level) && failures.push(record)) },
    loggers: [
      { category: ['sluice'], sinks: ['kept'] },
      { category: ['logtape', 'meta'], sinks: [] },
    ],
  })
  runtime = (await runningRuntime(folder.path)).runtime
  const access = JSON.parse(readFileSync(join(folder.path, 'data', 'access.json'), 'utf8'))
  place = { url: new URL(access.url), ca: access.ca }
  const token = String(runtime.oneTimeLink).split('/').at(-1) ?? ''
  expect((await new Visitor(place, '127.0.0.1').send('/link', { token, password: PASSWORD })).status).toBe(303)
  // The real check, but none ends before the test lets it.
  Bun.password.verify = async (...input) => {
    checks++
    await mayCheck.promise
    return verify(...input).finally(() => checked++)
  }
})
afterEach(async () => {
  mayCheck.resolve()
  Bun.password.verify = verify
  await runtime.close()
  await reset()
  folder[Symbol.dispose]()
})

const isListening = () =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(place.url.port), '127.0.0.1', () => resolve(true))
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false))
  })

slowTest(
  'a Runtime that is stopped checks no password of those who wait for it: each is told so, and nothing fails',
  async () => {
    const strangers = Array.from({ length: ROOM }, (_, i) => new Visitor(place, `127.0.1.${i + 1}`).signIn(`name-${i}`))
    const late = new Visitor(place, '127.0.2.1')
    await until('the line is full', async () => (await late.signIn('nobody')).status === 503)
    const closing = runtime.close()
    mayCheck.resolve()
    const statuses = (await Promise.all(strangers)).map(({ status }) => status)
    await closing
    expect([checks, statuses.filter((status) => status === 401).length]).toEqual([CHECKS_AT_ONCE, CHECKS_AT_ONCE])
    expect(statuses.filter((status) => status === 503).length).toBe(CHECKS_WAITING_MAX)
    expect(failures.map(({ message, properties }) => ({ message, properties }))).toEqual([])
  },
)

slowTest('a sign-in whose browser has left ends before the database that it writes to is closed', async () => {
  const body = new URLSearchParams({ name: 'owner', password: PASSWORD }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }
  const asked = request(new URL('/sign-in', place.url), { method: 'POST', headers, ca: place.ca, agent: false })
  const left = new Promise((resolve) => asked.once('error', () => undefined).once('close', resolve))
  asked.end(body)
  await until('its password is checked', () => checks === 1)
  asked.destroy()
  await left
  const closing = runtime.close()
  await until('nobody listens', async () => !(await isListening()))
  mayCheck.resolve()
  await closing
  expect(checked).toBe(1)
  expect(failures.map(({ message, properties }) => ({ message, properties }))).toEqual([])
})
