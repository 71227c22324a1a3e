import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import { waitsForLetters } from '../../src/runtime/attention/retried.ts'
import { DeadLetterDesk } from '../../src/runtime/dead-letters/dead-letter-desk.ts'
import { DeadLetterJournal, recordOf } from '../../src/runtime/dead-letters/dead-letter-journal.ts'
import { JournalClosed } from '../../src/store/mod.ts'
import { WorkerGone } from '../../src/wire/mod.ts'
import { memoryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'
import { DEPLOYMENT, FakeClock, T0 } from '../support/wire/parties.ts'

const clock = new FakeClock()
const key = () => new Uint8Array(32).fill(3)
const open = (folder: string) =>
  DeadLetterJournal.open({ folder, key: key(), bytesMax: 16_777_216, clock, random: systemRandom })

function letters(count: number, text = 'canary') {
  return Array.from({ length: count }, (_, position) => ({
    ...{ component: 'orders', partition: 'in/a.csv', position, reason: { code: 'csv_file.malformed' } },
    record: utf8(`${text} ${position}`),
  }))
}

test('refused records are kept sealed, with where they came from and why', async () => {
  using folder = memoryFolder()
  const journal = await open(folder.path)
  await journal.add(letters(3))
  const page = await journal.list(1, 10)
  expect(page).toMatchObject({ first: 1, next: 4 })
  expect(page.letters[2]).toMatchObject({
    number: 3,
    position: 2,
    at: T0,
    reason: { code: 'csv_file.malformed' },
  })
  expect(page.letters.map((letter) => Buffer.from(recordOf(letter)).toString())).toEqual([
    'canary 0',
    'canary 1',
    'canary 2',
  ])
  await journal.close()
  const files = readdirSync(join(folder.path, 'journal')).map((name) =>
    readFileSync(join(folder.path, 'journal', name)),
  )
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(file.includes('canary')).toBe(false)
})

test('what was dropped stays dropped after a restart, and its bytes go when all is dropped', async () => {
  using folder = memoryFolder()
  const journal = await open(folder.path)
  await journal.add(letters(5))
  expect(await journal.drop({ through: 2 })).toBe(2)
  expect(await journal.drop({ through: 2 })).toBe(0)
  await journal.close()
  const again = await open(folder.path)
  expect((await again.list(1, 10)).letters.map(({ number }) => number)).toEqual([3, 4, 5])
  expect(again.count).toBe(3)
  expect(await again.drop({ through: 1_000 })).toBe(3)
  expect(again.count).toBe(0)
  await again.add(letters(1))
  expect((await again.list(1, 10)).letters.map(({ number }) => number)).toEqual([6])
  await again.close()
})

test('records of up to the longest that a source takes fit, many at once', async () => {
  using folder = memoryFolder()
  const journal = await open(folder.path)
  const large = letters(6).map((letter) => ({ ...letter, record: new Uint8Array(1_048_576) }))
  await journal.add(large)
  expect(journal.count).toBe(6)
  await journal.close()
})

test.each([
  ['is gone', new WorkerGone('gone')],
  ['has closed its letters', new JournalClosed('the journal is closed')],
])('a worker that %s while it is asked leaves the answer to the journal', async (_, refusal) => {
  using folder = memoryFolder()
  const letterFolder = join(folder.path, 'deployments', DEPLOYMENT, 'dead-letters')
  const journal = await open(letterFolder)
  await journal.add(letters(1))
  await journal.close()
  const counts: number[] = []
  const ending = {
    ask: async () => {
      worker = undefined
      throw refusal
    },
    exited: Promise.resolve({ code: 0, signal: null }),
  }
  let worker: unknown = ending
  const desk = new DeadLetterDesk({
    ...{ folder: folder.path, clock, random: systemRandom, keyring: { secretFor: async () => key() } },
    workers: { worker: () => worker as never },
    onCount: (_deployment, count) => counts.push(count),
  })
  expect((await desk.list(DEPLOYMENT, { from: 1, limit: 10 })).letters).toHaveLength(1)
  expect(await desk.drop(DEPLOYMENT, { through: 1 })).toBe(1)
  expect(counts).toEqual([1, 0])
})

test('a deployment that never ran has no letters, and asking makes no folder', async () => {
  using folder = memoryFolder()
  const desk = new DeadLetterDesk({
    ...{ folder: folder.path, clock, random: systemRandom, keyring: { secretFor: async () => key() } },
    workers: { worker: () => undefined },
    onCount: () => undefined,
  })
  expect(await desk.list(DEPLOYMENT, { from: 1, limit: 10 })).toEqual({ letters: [], first: 1, next: 1 })
  expect(readdirSync(folder.path)).toEqual([])
})

test('no room for another refused record is refused by the code that the overview knows', async () => {
  using folder = memoryFolder()
  const bounds = { bytesMax: 1_000_000, clock, random: systemRandom }
  const journal = await DeadLetterJournal.open({ folder: folder.path, key: key(), ...bounds })
  const code = await refusalOf(async () => {
    for (let at = 0; at < 100; at++) await journal.add(letters(10, `${at} ${'x'.repeat(10_000)}`))
  })
  await journal.close()
  expect(waitsForLetters({ reason: { code } })).toBe(true)
})
