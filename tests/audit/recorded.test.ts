import { expect, test } from 'bun:test'
import { recorded } from '../../src/audit/mod.ts'
import { PeerNotFound } from '../../src/runtime/errors.ts'
import { refusalOf } from '../support/refusal.ts'

const act = { actor: 'user:u1', action: 'peer.removed', subject: 'rt_1', detail: { fingerprint: 'f' } }

const tried = { ...act, action: 'peer.removed_tried' }

test('an act is in the trail as tried before it is done, and as done only then', async () => {
  const order: unknown[] = []
  const trail = { record: async (line: unknown) => void order.push(line) }
  expect(await recorded(trail, act, async () => order.push('done'))).toBe(2)
  expect(order).toEqual([tried, 'done', act])
})

test('an act that fails is nowhere said to be done: it was tried, and failed for a reason', async () => {
  const lines: unknown[] = []
  const trail = { record: async (line: unknown) => void lines.push(line) }
  const failing = async () => {
    throw new PeerNotFound('gone')
  }
  expect(await refusalOf(() => recorded(trail, act, failing))).toBe('peer.not_found')
  expect(lines).toEqual([
    tried,
    { ...act, action: 'peer.removed_failed', detail: { fingerprint: 'f', code: 'peer.not_found' } },
  ])
})

test('nothing is done that the trail does not take', async () => {
  let done = false
  const trail = { record: () => Promise.reject(new Error('full')) }
  const work = async () => {
    done = true
  }
  await expect(recorded(trail, act, work)).rejects.toThrow('full')
  expect(done).toBe(false)
})
