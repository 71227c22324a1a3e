/** What a replay does with the deployment whose letters it is for: told by the worker or the journal, done by a restart. */
import { expect, test } from 'bun:test'
import { replayLetters } from '../../src/runtime/dead-letters/letter-acts.ts'
import type { DeploymentState, Reason } from '../../src/wire/mod.ts'
import { refusalOf } from '../support/refusal.ts'
import { DEPLOYMENT, plainAssignment } from '../support/runtime/offers.ts'
import { testTypes } from '../support/runtime/types.ts'

type Answered = { queued: number; gone: number; taken: boolean }

/** What came of a replay of all letters, and whether the deployment was started anew for it. */
async function replay(kept: { state: DeploymentState; reasons?: Reason[] }, answered: Answered) {
  const restarted: string[] = []
  let asked: readonly string[] = []
  const placed = async () => ({ deployment: DEPLOYMENT, version: 1, reasons: [], ...kept }) as never
  const deps = {
    types: testTypes,
    deployments: {
      restart: async (_deployment: string, actor: string, role: string) => {
        restarted.push(`${actor} as ${role}`)
        return 'preparing' as const
      },
    },
    deadLetters: {
      replay: async (_deployment: string, _selection: unknown, takers: readonly string[]) => {
        asked = takers
        return answered
      },
    } as never,
    state: { trail: { record: async () => undefined }, assignments: { placed, open: async () => plainAssignment() } },
  }
  const outcome = await refusalOf(() => replayLetters(deps, DEPLOYMENT, { through: 9 }, 'user:u2'))
  return { outcome, restarted, asked }
}

const ended = { state: 'stopped' as const, reasons: [{ code: 'flow.ended' }] }
const again = ['user:u2 as operator']

test('a worker that takes them is left alone; only components that take records are asked for', async () => {
  expect(await replay({ state: 'running' }, { queued: 2, gone: 0, taken: true })).toEqual({
    ...{ outcome: 'nothing', restarted: [], asked: ['warehouse'] },
  })
})

test('a flow that has ended, and one in which their component has, is started anew for them', async () => {
  const left = { queued: 2, gone: 0, taken: false }
  expect((await replay(ended, left)).restarted).toEqual(again)
  expect((await replay({ state: 'running' }, left)).restarted).toEqual(again)
  // Asked once more for what waits already.
  expect((await replay(ended, { ...left, queued: 0 })).restarted).toEqual(again)
  // It starts by itself.
  expect((await replay({ state: 'failed' }, left)).restarted).toEqual([])
})

test('where nothing could go nothing is started, and it says why', async () => {
  const none = await replay(ended, { queued: 0, gone: 3, taken: true })
  expect([none.outcome, none.restarted]).toEqual(['dead_letter.no_taker', []])
  expect((await replay({ state: 'stopped' }, { queued: 1, gone: 0, taken: false })).outcome).toBe(
    'deployment.not_running',
  )
  expect((await replay(ended, { queued: 0, gone: 0, taken: true })).restarted).toEqual([])
})
