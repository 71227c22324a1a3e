import { expect, test } from 'bun:test'
import { deferred, Slots, Turns } from '../../src/base/mod.ts'

test('Turns does one thing at a time in the order of asking, after the caller has gone on, and goes on after a failure', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const gate = deferred<void>()
  const first = turns.run(async () => {
    seen.push('first begins')
    await gate.promise
    seen.push('first ends')
    throw new Error('fails')
  })
  const second = turns.run(async () => seen.push('second'))
  seen.push('asked')
  gate.resolve()
  await expect(first).rejects.toThrow('fails')
  expect(await second).toBe(4)
  expect(seen).toEqual(['asked', 'first begins', 'first ends', 'second'])
})

test('Turns is idle once all that was asked for has ended, failed or not', async () => {
  const turns = new Turns()
  let ended = 0
  await turns.idle()
  turns.run(() => Promise.reject(new Error('fails'))).catch(() => ended++)
  void turns.run(async () => ended++)
  await turns.idle()
  expect(ended).toBe(2)
})

test('Slots lets so many run at a time, and begins what waits in the order of asking', async () => {
  const slots = new Slots(2)
  const begun: number[] = []
  let [running, most] = [0, 0]
  const work = (n: number) => async (): Promise<void> => {
    begun.push(n)
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
  }
  await Promise.all([1, 2, 3, 4, 5].map((n) => slots.run(work(n))))
  expect(most).toBe(2)
  expect(begun).toEqual([1, 2, 3, 4, 5])
})

test('Slots turns away what comes beyond its line, and a failure gives its slot back', async () => {
  const slots = new Slots(2, { waitingMax: 3, full: () => new Error('full') })
  const done = await Promise.allSettled(Array.from({ length: 6 }, () => slots.run(() => Promise.resolve())))
  expect(done.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), 'rejected'])
  expect(done.at(-1)).toMatchObject({ reason: new Error('full') })
  for (let i = 0; i < 4; i++) await slots.run(() => Promise.reject(new Error('fails'))).catch(() => undefined)
  expect(await slots.run(async () => 'goes on')).toBe('goes on')
})
