import { expect, test } from 'bun:test'
import { recorded } from '../../src/audit/mod.ts'
import { codeOf } from '../../src/base/mod.ts'
import { PeerNotFound } from '../../src/runtime/errors.ts'
import { problemOf } from '../../src/web/mod.ts'
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

test('an act that is done and cannot be told any more is answered as done, not as failed', async () => {
  const lines: { action: string }[] = []
  const record = async (line: { action: string }) => {
    if (line.action === act.action) throw new Error('no space left on the device')
    lines.push(line)
  }
  const refused = await recorded({ record }, act, async () => 'done').catch((error: unknown) => error)
  expect(codeOf(refused)).toBe('audit.outcome_untold')
  expect(lines.map(({ action }) => action)).toEqual(['peer.removed_tried'])
  const told = problemOf(refused)
  expect(told).toMatchObject({ status: 500, title: 'It is done, but the audit trail does not say so' })
  expect(told.detail).toBe('peer.removed is done, but the audit trail did not take the line that says so')
  expect(told.advice).toStartWith('Do not ask for it again before you have looked whether it is there.')
})

test('why an act failed is told even where the trail cannot be told', async () => {
  const record = async ({ action }: { action: string }) => {
    if (action.endsWith('_failed')) throw new Error('no space left on the device')
  }
  const failing = () => Promise.reject(new PeerNotFound('gone'))
  expect(await refusalOf(() => recorded({ record }, act, failing))).toBe('peer.not_found')
})
