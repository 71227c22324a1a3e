import { expect, test } from 'bun:test'
import type { Sink, Source } from '../../../src/pipeline/mod.ts'
import { flowComponents } from '../../../src/runtime/worker/wiring.ts'
import type { WorkerBridge, WorkerStart } from '../../../src/wire/mod.ts'
import { refusalOf } from '../../support/refusal.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { assignment, PEM } from '../../support/wire/samples.ts'

const source = { read: async () => 'end' } as unknown as Source
const sink = { write: async () => undefined } as unknown as Sink
const ends = { inbound: () => source, outbound: () => sink }

function startOf(changes: Partial<WorkerStart> = {}): WorkerStart {
  const { deployment, version, components } = plainAssignment()
  const deadLetters = { folder: '/srv', key: '', bytesMax: 1 }
  return {
    files: '/srv',
    closed: '/srv/data',
    deployment,
    version,
    components,
    bridges: [],
    code: [],
    deadLetters,
    ...changes,
  }
}

function bridge(changes: Partial<WorkerBridge>): WorkerBridge {
  const [sample] = assignment.bridges
  if (!sample) throw new Error('the sample has a bridge')
  const { secret: _secret, ...rest } = sample
  return { ...rest, peerAuthority: PEM, ...changes }
}

const shape = (start: WorkerStart) =>
  flowComponents(start, testTypes, ends).map(({ name, type, from }) => ({ name, type, from }))

test('components keep their names and where their records come from', () => {
  expect(shape(startOf())).toEqual([
    { name: 'orders', type: 'csv_file', from: [] },
    { name: 'warehouse', type: 'table', from: ['orders'] },
  ])
})

test('an outbound bridge is a sink of the component whose records cross', () => {
  const out = bridge({ direction: 'out', from: 'orders', to: ['elsewhere'] })
  const start = startOf({ components: startOf().components.slice(0, 1), bridges: [out] })
  expect(shape(start)[1]).toEqual({ name: out.bridge, type: 'bridge_out', from: ['orders'] })
})

test('an inbound bridge stands where its remote component would, for those components that it is for', () => {
  const into = bridge({ direction: 'in', from: 'orders', to: ['warehouse'] })
  const [, warehouse] = startOf().components
  if (!warehouse) throw new Error('the sample has two components')
  const other = { ...warehouse, name: 'other' }
  const components = shape(startOf({ components: [warehouse, other], bridges: [into] }))
  expect(components.map(({ name, from }) => ({ name, from }))).toEqual([
    { name: 'warehouse', from: ['orders'] },
    { name: 'other', from: [] },
    { name: 'orders', from: [] },
  ])
})

test('a type that this program does not have is refused by its name', async () => {
  const [orders] = startOf().components
  if (!orders) throw new Error('the sample has components')
  const start = startOf({ components: [{ ...orders, type: 'kafka_topic' }] })
  expect(await refusalOf(() => flowComponents(start, testTypes, ends))).toBe('component.type_unknown')
})
