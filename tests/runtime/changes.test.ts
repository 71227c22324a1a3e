import { expect, test } from 'bun:test'
import { Changes } from '../../src/runtime/changes.ts'
import type { DeploymentStatus } from '../../src/wire/mod.ts'
import { component } from '../support/runtime/fake-worker.ts'
import { DEPLOYMENT, FakeClock } from '../support/wire/parties.ts'

function changing() {
  const owed: DeploymentStatus[] = []
  let beats = 0
  const changes = new Changes({
    countsOf: (_deployment, version) =>
      version === 1
        ? {
            components: [component(7)],
            bridges: [],
            deadLetters: 0,
            rssBytes: 1,
            rates: new Map(),
            reasonsSince: new Map(),
          }
        : undefined,
    owe: (status) => void owed.push(status),
    beat: () => void beats++,
    clock: new FakeClock(),
  })
  return { changes, owed, beats: () => beats }
}

const running = { deployment: DEPLOYMENT, version: 1, state: 'running' as const, reasons: [] }

test('a change of state is owed to the Platform once, with the counts of that moment, and sends a heartbeat', () => {
  const { changes, owed, beats } = changing()
  expect(changes.tell(running)).toBe(true)
  expect(changes.tell(running)).toBe(false)
  expect(owed).toHaveLength(1)
  expect(owed[0]).toMatchObject({ state: 'running', components: [{ messagesOut: 7 }] })
  expect(beats()).toBe(1)
})

test('another reason under the same state is another change', () => {
  const { changes, owed } = changing()
  changes.tell({ ...running, state: 'failed', reasons: [{ code: 'worker.crashed' }] })
  changes.tell({ ...running, state: 'failed', reasons: [{ code: 'worker.silent' }] })
  expect(owed.map(({ reasons }) => reasons[0]?.code)).toEqual(['worker.crashed', 'worker.silent'])
})

test('of a deployment with many versions only what is alive and the newest are kept', () => {
  const { changes, owed } = changing()
  for (let version = 1; version <= 100; version++) {
    changes.tell({ ...running, version, state: 'awaiting-approval' })
    changes.tell({ ...running, version, state: 'preparing' })
    changes.tell({ ...running, version: version - 1, state: 'draining' })
    changes.tell({ ...running, version, state: 'running' })
    changes.tell({ ...running, version: version - 1, state: 'stopped' })
  }
  changes.tell({ ...running, version: 101, state: 'failed', reasons: [{ code: 'journal.full' }] })
  changes.tell({ ...running, version: 102, state: 'preparing' })
  const alive = () => {
    owed.length = 0
    changes.report()
    return owed.map(({ version, state }) => `${version} ${state}`)
  }
  expect(alive()).toEqual([])
  changes.tell({ ...running, version: 102 })
  changes.tell({ ...running, version: 103, state: 'awaiting-approval' })
  expect(alive()).toEqual(['102 running'])
  // What was told of one that is over is told again, for nothing is kept of it; the newest is not.
  expect(changes.tell({ ...running, version: 99, state: 'stopped' })).toBe(true)
  expect(changes.tell({ ...running, version: 103, state: 'awaiting-approval' })).toBe(false)
  changes.forget(DEPLOYMENT)
  expect(alive()).toEqual([])
})

test('the regular report tells of what is alive and is quiet about what has stopped', () => {
  const { changes, owed } = changing()
  changes.tell(running)
  changes.tell({ ...running, version: 2, state: 'stopped' })
  owed.length = 0
  changes.report()
  expect(owed.map(({ version, state }) => `${version} ${state}`)).toEqual(['1 running'])
})
