import { expect, test } from 'bun:test'
import { DELIVER_MS, LOOK_MS } from '../../src/alerts/mod.ts'
import { type Clock, deferred, logOf, systemClock } from '../../src/base/mod.ts'
import { regularTasks, renewBridgeLeaves, STARTED_MS } from '../../src/runtime/regular-tasks.ts'
import { WorkerSilent } from '../../src/wire/mod.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'

/** What the tasks ask for before anything is due; nothing of it is used here. */
const STATE = { settings: { keptAt: () => ({}) } }
const tls = { certificatePem: 'c', privateKeyPem: 'k' }

test('a worker that does not take its certificate keeps no other bridge from a new one', async () => {
  const renewed: unknown[] = []
  const takes = { ask: async (what: string, { bridge }: { bridge: string }) => void renewed.push([what, bridge]) }
  const hangs = { ask: () => Promise.reject(new WorkerSilent('it hangs')) }
  const bridges = [hangs, takes, takes].map((worker, at) => ({ bridge: `br_${at}`, label: `label${at}`, worker }))
  const labels: string[] = []
  await renewBridgeLeaves(
    { listening: () => bridges as never },
    async (label) => {
      labels.push(label)
      return tls
    },
    logOf('test'),
  )
  expect(renewed).toEqual([
    ['renew-tls', 'br_1'],
    ['renew-tls', 'br_2'],
  ])
  expect(labels).toEqual(['label0', 'label1', 'label2'])
})

test('a delivery of alerts that hangs holds up no look at what is wrong, and is not begun twice', async () => {
  const stop = new AbortController()
  const { signal } = stop
  const hour = 3_600_000
  const clock: Clock = {
    ...systemClock,
    // The other tasks have nothing to do in this hour.
    sleep: (ms, ended) => systemClock.sleep(ms === LOOK_MS || ms === DELIVER_MS ? 1 : hour, ended),
  }
  const hangs = deferred<void>()
  let [looks, deliveries] = [0, 0]
  const tasks = regularTasks({
    ...{ clock, signal, log: logOf('test') },
    station: { drift: { check: async () => [] }, enrolment: { link: {} }, state: STATE } as never,
    tendCertificates: async () => undefined,
    access: { refresh: async () => undefined, retry: async () => undefined },
    async lookForAlerts() {
      looks++
    },
    deliverAlerts() {
      deliveries++
      return hangs.promise
    },
    releaseMemory: () => undefined,
    lookAtMemory: () => undefined,
    bridgeLeaf: async () => tls,
  })
  await until('it looked three more times', () => deliveries === 1 && looks >= 3, BRIEFLY_MS)
  expect(deliveries).toBe(1)
  stop.abort()
  hangs.resolve()
  await tasks
})

test('what only a start needed is given back once, after the first look, and not when the Runtime ends before', async () => {
  const station = { drift: { check: async () => [] }, enrolment: { link: {} }, state: STATE } as never
  const nothing = async () => undefined
  const releasedAfter = async (started: boolean): Promise<number> => {
    const stop = new AbortController()
    let [waited, releases] = [0, 0]
    const sleep = (ms: number, signal?: AbortSignal) => {
      if (ms !== STARTED_MS) return systemClock.sleep(3_600_000, signal)
      waited++
      return started ? Promise.resolve() : systemClock.sleep(3_600_000, signal)
    }
    const tasks = regularTasks({
      ...{ clock: { ...systemClock, sleep }, signal: stop.signal, log: logOf('test'), station },
      ...{
        tendCertificates: nothing,
        access: { refresh: nothing, retry: nothing },
        lookForAlerts: nothing,
        deliverAlerts: nothing,
      },
      releaseMemory: () => void releases++,
      lookAtMemory: () => undefined,
      bridgeLeaf: async () => tls,
    })
    await until('it waited for the end of the start', () => waited === 1, BRIEFLY_MS)
    stop.abort()
    await tasks
    return releases
  }
  expect(STARTED_MS).toBeGreaterThan(LOOK_MS)
  expect([await releasedAfter(true), await releasedAfter(false)]).toEqual([1, 0])
})
