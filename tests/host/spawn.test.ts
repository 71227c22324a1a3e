import { afterEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type ChildHandle, parentChannel, type SpawnOptions, spawnSelf } from '../../src/host/mod.ts'
import { Answers } from '../support/answers.ts'
import { refusalOf } from '../support/refusal.ts'

const entry = join(import.meta.dirname, 'fixtures/child.ts')
const children: ChildHandle[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
})

function start(args: string[], options: SpawnOptions = {}): ChildHandle {
  const child = spawnSelf(args, { entry, ...options })
  children.push(child)
  return child
}

test('spawnSelf() runs the program again with the words given and the environment given', async () => {
  const child = start(['words', 'a b', '--c'], {
    stdio: 'pipe',
    env: { SLUICE_TEST: 'x', PATH: process.env['PATH'] ?? '' },
  })
  const output = child.stdout ? await text(child.stdout) : ''
  expect(JSON.parse(output)).toEqual({ words: ['a b', '--c'], environment: 'x', channel: true })
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(child.pid).toBeGreaterThan(1)
})

test('exited tells the code, or the signal', async () => {
  expect(await start(['exit', '3']).exited).toEqual({ code: 3, signal: null })
  const sleeper = start(['sleep'])
  sleeper.kill('SIGKILL')
  expect(await sleeper.exited).toEqual({ code: null, signal: 'SIGKILL' })
})

test('messages arrive whole and in order, both ways', async () => {
  const answers = new Answers()
  const child = start(['echo'], { onMessage: (message) => answers.push(message) })
  const long = { text: 'ü'.repeat(200_000), list: [1, null, true] }
  await child.send({ n: 1 })
  await child.send(long)
  expect(await answers.next()).toEqual({ echo: { n: 1 } })
  expect(await answers.next()).toEqual({ echo: long })
})

test('messages sent before the child listens are kept for it', async () => {
  const answers = new Answers()
  const child = start(['late'], { onMessage: (message) => answers.push(message) })
  await child.send('first')
  await child.send('second')
  expect(await answers.next()).toEqual({ late: 'first' })
  expect(await answers.next()).toEqual({ late: 'second' })
})

test('send() to a child that has ended is host.process_gone', async () => {
  const child = start(['exit', '0'])
  await child.exited
  await expect(child.send({})).rejects.toMatchObject({ code: 'host.process_gone', kind: 'unavailable' })
})

test('send() of what a child does not live to take is host.process_gone', async () => {
  expect(await refusalOf(() => start(['exit', '0']).send('x'.repeat(4_194_304)))).toBe('host.process_gone')
})

test('aborting the signal ends the child with SIGTERM, also when it was aborted before', async () => {
  const stop = new AbortController()
  const child = start(['sleep'], { signal: stop.signal })
  stop.abort()
  expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
  expect(await start(['sleep'], { signal: stop.signal }).exited).toEqual({ code: null, signal: 'SIGTERM' })
})

test('a process that nobody spawned has no parent channel', () => {
  expect(parentChannel()).toBeUndefined()
})

test('a child learns at once that its parent was killed', async () => {
  const middle = start(['middle'], { stdio: 'pipe' })
  const output = middle.stdout ? text(middle.stdout) : ''
  await new Promise((resolve) => middle.stdout?.once('data', resolve))
  middle.kill('SIGKILL')
  // The output ends only when the child in the middle's care has ended as well.
  expect(await output).toContain('ready')
  expect(await middle.exited).toEqual({ code: null, signal: 'SIGKILL' })
})
