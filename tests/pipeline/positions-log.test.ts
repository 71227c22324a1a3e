import { expect, test } from 'bun:test'
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { AppError } from '../../src/base/mod.ts'
import { PositionsLog } from '../../src/pipeline/positions-log.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

class Damaged extends AppError {
  override readonly code = 'test.damaged' as const
}

function open(path: string, lengthNow = 0, more: { partitionsMax?: number } = {}): Promise<PositionsLog> {
  return PositionsLog.open({ path, lengthNow, ...more, damaged: (message, cause) => new Damaged(message, { cause }) })
}

async function contentOf(path: string): Promise<unknown> {
  const log = await open(path)
  await log.close()
  return {
    length: log.length,
    a: Object.fromEntries(log.positionsOf('a')),
    b: Object.fromEntries(log.positionsOf('b')),
  }
}

test('a positions log keeps what was committed, by writer and partition, and the length of a file that it is new to', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const log = await open(path, 7)
  expect(log.length).toBe(7)
  await log.commit('a', new Map([['p', 3]]), 20)
  await log.commit('b', new Map([['p', 1]]), 25)
  await log.commit('a', new Map(Object.entries({ p: 5, 'ü"\n': 2 })), 40)
  expect(log.positionsOf('a')).toEqual(new Map(Object.entries({ p: 5, 'ü"\n': 2 })))
  await log.close()
  expect(await contentOf(path)).toEqual({ length: 40, a: { p: 5, 'ü"\n': 2 }, b: { p: 1 } })
})

test('a commit costs what it moves, not what there is: 20,000 partitions add nothing to the next line', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const many = new Map(Array.from({ length: 20_000 }, (_, i) => [`in/${i}.jsonl`, 1]))
  const log = await open(path)
  await log.commit('a', many, 1)
  const before = statSync(path).size
  await log.commit('a', new Map([['in/7.jsonl', 2]]), 2)
  expect(statSync(path).size - before).toBeLessThan(100)
  await log.close()
})

test('of more partitions than are remembered those that moved longest ago are forgotten when the log is opened, whoever wrote them', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const bounded = () => open(path, 0, { partitionsMax: 5 })
  const named = (...names: string[]) => new Map(names.map((name) => [name, 1]))
  const log = await bounded()
  await log.commit('old', named('p', 'q'), 1)
  await log.commit('a', named('p0', 'p1', 'p2', 'p3'), 2)
  // The first one moves again, and stays for that.
  await log.commit('a', new Map([['p0', 2]]), 3)
  await log.commit('b', named('q'), 4)
  await log.close()
  const again = await bounded()
  expect(again.positionsOf('old').size).toBe(0)
  expect([...again.positionsOf('a')].map(([name]) => name)).toEqual(['p1', 'p2', 'p3', 'p0'])
  await again.commit('b', named('r', 's'), 5)
  await again.close()
  const last = await bounded()
  expect([...last.positionsOf('a')]).toEqual([
    ['p3', 1],
    ['p0', 2],
  ])
  expect([...last.positionsOf('b').keys()]).toEqual(['q', 'r', 's'])
  await last.close()
})

test('a log becomes one line again when it is opened, and when it has grown by a MiB and has doubled', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const log = await open(path)
  const partition = 'p'.repeat(10_000)
  let sizeMax = 0
  for (let i = 1; i <= 250; i++) {
    await log.commit('a', new Map([[partition, i]]), i)
    sizeMax = Math.max(sizeMax, statSync(path).size)
  }
  expect(sizeMax).toBeGreaterThan(1_000_000)
  expect(sizeMax).toBeLessThan(1_048_576 + 2 * 10_100)
  await log.close()
  expect(await contentOf(path)).toEqual({ length: 250, a: { [partition]: 250 }, b: {} })
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2)
})

test('any part of a last line that a crash had torn is not read, whatever of it reached the disk', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const log = await open(path)
  await log.commit('a', new Map([['p', 3]]), 20)
  const answered = statSync(path).size
  await log.commit('a', new Map([['pü', 9]]), 30)
  await log.close()
  const whole = readFileSync(path)
  for (let cut = answered; cut < whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut))
    expect(await contentOf(path)).toEqual({ length: 20, a: { p: 3 }, b: {} })
  }
  // The end of the line is there, its middle is not; cut within a character it is no UTF-8 either.
  for (const hole of [10, whole.lastIndexOf(0xc3) - answered + 1]) {
    const holed = Buffer.from(whole)
    holed.fill(0, answered + hole, whole.length - 1)
    writeFileSync(path, holed)
    expect(await contentOf(path)).toEqual({ length: 20, a: { p: 3 }, b: {} })
  }
})

test('a log that is damaged before its end is refused, and left as it is', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const log = await open(path)
  for (let i = 1; i < 4; i++) await log.commit('a', new Map([['p', i]]), i)
  await log.close()
  const lines = readFileSync(path, 'utf8').split('\n')
  for (const at of [0, 1, 2]) {
    const damaged = lines.with(at, `${lines[at]?.slice(0, 5)}`).join('\n')
    writeFileSync(path, damaged)
    expect(await refusalOf(() => open(path))).toBe('test.damaged')
    expect(readFileSync(path, 'utf8')).toBe(damaged)
  }
  truncateSync(path, 0)
  expect(await refusalOf(() => open(path))).toBe('test.damaged')
})

test('the form that had one line and no end of it is read as well', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  writeFileSync(path, '{"format":1,"length":12,"positions":{"a":{"p":4}}}')
  expect(await contentOf(path)).toEqual({ length: 12, a: { p: 4 }, b: {} })
  appendFileSync(path, '{"length":13')
  expect(await contentOf(path)).toEqual({ length: 12, a: { p: 4 }, b: {} })
})

test('a partition is found again under any name, those of what every object has among them, and old forms are read', async () => {
  using folder = temporaryFolder()
  const path = folder.file('log')
  const names = ['constructor', 'prototype', '__proto__', 'toString', 'hasOwnProperty', '']
  const log = await open(path)
  await log.commit('constructor', new Map(names.map((name, at) => [name, at + 1])), 9)
  await log.close()
  for (let opened = 0; opened < 2; opened++) {
    const again = await open(path)
    for (const [at, name] of names.entries()) expect(again.positionsOf('constructor').get(name)).toBe(at + 1)
    expect(again.positionsOf('__proto__').size).toBe(0)
    await again.close()
  }
  const before =
    '{"format":2,"length":5,"positions":{"a":{"constructor":4,"p":1}}}\n{"length":6,"writer":"a","moved":{"prototype":2}}\n'
  writeFileSync(path, before)
  const upgraded = await open(path)
  expect([...upgraded.positionsOf('a')]).toEqual([
    ['constructor', 4],
    ['p', 1],
    ['prototype', 2],
  ])
  expect(upgraded.length).toBe(6)
  await upgraded.close()
})
