import { expect, test } from 'bun:test'
import { readActs, recorded } from '../../src/audit/mod.ts'
import { PeerNotFound } from '../../src/runtime/errors.ts'

type Line = { count: number; actor: string; action: string; subject: string; detail: Record<string, string> }

/** What a trail has after some acts, as it is searched: the newest first. */
async function linesOf(work: (trail: Parameters<typeof recorded>[0]) => Promise<unknown>): Promise<Line[]> {
  const lines: Line[] = []
  await work({
    record: async ({ detail = {}, ...act }) =>
      void lines.unshift({ ...act, detail: detail as Line['detail'], count: lines.length + 1 }),
  })
  return lines
}
const act = { actor: 'user:u1', action: 'peer.removed', subject: 'rt_1' }
const failing = () => Promise.reject(new PeerNotFound('gone'))

test('an act that was refused is read as one that was tried and refused, and never as done', async () => {
  const lines = await linesOf((trail) => recorded(trail, act, failing).catch(() => undefined))
  expect(lines.map(({ action }) => action)).toEqual(['peer.removed_failed', 'peer.removed_tried'])
  expect(readActs(lines)).toMatchObject([
    { action: 'peer.removed', outcome: 'failed', code: 'peer.not_found', first: 1 },
  ])
})

test('an act that was done is one act, and one that was cut off says that it has no outcome', async () => {
  const lines = await linesOf((trail) => recorded(trail, act, async () => 1))
  expect(readActs(lines)).toMatchObject([{ action: 'peer.removed', outcome: 'done', first: 1 }])
  expect(readActs(lines.slice(1))).toMatchObject([{ action: 'peer.removed', outcome: 'tried', first: 1 }])
})

test('acts at the same time keep an outcome each, and nothing that was done is hidden behind a refusal', async () => {
  const lines = await linesOf((trail) =>
    Promise.allSettled([
      recorded(trail, act, failing),
      recorded(trail, act, async () => 1),
      recorded(trail, { ...act, subject: 'rt_2' }, failing),
    ]),
  )
  const read = readActs(lines)
  expect(read.map(({ outcome, entry }) => `${entry.subject} ${outcome}`).sort()).toEqual([
    'rt_1 done',
    'rt_1 failed',
    'rt_2 failed',
  ])
})
