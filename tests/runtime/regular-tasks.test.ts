import { expect, test } from 'bun:test'
import { logOf } from '../../src/base/mod.ts'
import { WorkerSilent } from '../../src/runtime/errors.ts'
import { renewBridgeLeaves } from '../../src/runtime/regular-tasks.ts'

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
