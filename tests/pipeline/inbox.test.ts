import { expect, test } from 'bun:test'
import { Inbox } from '../../src/pipeline/inbox.ts'

test('an inbox gives what was put into it in order, and lets its taker wait for more', async () => {
  const inbox = new Inbox<number>()
  inbox.put(1)
  inbox.put(2)
  inbox.put(3)
  expect([await inbox.take(), inbox.takeWaiting(), await inbox.take()]).toEqual([1, 2, 3])
  expect(inbox.takeWaiting()).toBeUndefined()
  const waiting = inbox.take()
  inbox.put(4)
  expect(await waiting).toBe(4)
})

test('a closed inbox gives what it holds, then undefined, ends the wait of its taker, and drops what comes later', async () => {
  const inbox = new Inbox<number>()
  const waiting = inbox.take()
  inbox.close()
  expect(await waiting).toBeUndefined()
  const full = new Inbox<number>()
  full.put(1)
  full.close()
  full.close()
  full.put(2)
  expect([await full.take(), await full.take()]).toEqual([1, undefined])
})
