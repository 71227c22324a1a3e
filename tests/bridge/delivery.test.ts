import { beforeAll, describe, expect, test } from 'bun:test'
import { BridgeClosed, CREDIT_WINDOW_BYTES } from '../../src/bridge/mod.ts'
import { encodeBatch, type FlowComponent, runFlow } from '../../src/pipeline/mod.ts'
import { type Agreed, agree, BRIDGE, batchOf, openPair, range, readBatch, readRows } from '../support/bridge/ends.ts'
import { changing, numbered } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'
import { refusalOf } from '../support/refusal.ts'

let agreed: Agreed
beforeAll(async () => {
  agreed = await agree()
})

describe('a bridge between two ends', () => {
  test('carries batches in order with their partition, range and bytes, and its end', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const batch = batchOf(100, 3)
    const written = sink.write(batch)
    const read = await readBatch(source)
    expect({ ...read.batch, records: undefined }).toEqual({ ...batch, records: undefined })
    expect(read.batch.records.encoded().bytes).toEqual(batch.records.encoded().bytes)
    read.ack()
    await written
    const more = Array.from({ length: 50 }, (_, i) => sink.write(batchOf(103 + i * 10, 10)))
    const reading = readRows(source)
    await Promise.all(more)
    await sink.end()
    await sink.close()
    expect(await reading).toEqual(range(103, 603))
  })

  test('a batch of many frames arrives whole, and status counts what passed', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const batch = batchOf(0, 40, 'x'.repeat(50_000))
    const [, rows] = await Promise.all([sink.write(batch), readRows(source, 1)])
    expect(rows).toEqual(range(0, 40))
    for (const status of [sink.status(), source.status()]) {
      expect(status).toMatchObject({
        bridge: BRIDGE,
        state: 'up',
        suite: 'Noise_KKpsk0_P256_AESGCM_SHA256',
        rotations: 0,
      })
      expect(status.frames).toBeGreaterThan(8)
      expect(status.bytes).toBeGreaterThan(2_000_000)
    }
  })

  test('a batch without records and one with holes keep their ranges and positions', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const holes = { ...batchOf(10, 2), to: 20, at: Float64Array.of(11, 17) }
    const written = [sink.write(batchOf(5, 0)), sink.write(holes)]
    const [empty, holed] = [await readBatch(source), await readBatch(source)]
    expect([empty.batch.from, empty.batch.to, empty.batch.records.count]).toEqual([5, 5, 0])
    expect([holed.batch.from, holed.batch.to, holed.batch.at]).toEqual([10, 20, Float64Array.of(11, 17)])
    empty.ack()
    holed.ack()
    await Promise.all(written)
  })

  test('write() resolves after the far ack and not before, also out of order', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const done: number[] = []
    const written = [0, 1, 2].map((i) => sink.write(batchOf(i, 1)).then(() => done.push(i)))
    const reads = [await readBatch(source), await readBatch(source), await readBatch(source)]
    reads[1]?.ack()
    await written[1]
    expect(done).toEqual([1])
    for (const read of reads) {
      read.ack()
      read.ack()
    }
    await Promise.all(written)
    expect(done).toEqual([1, 0, 2])
  })

  test('a receiver that does not answer holds the sender at the window', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const batch = batchOf(0, 64, 'x'.repeat(16_000))
    const fitting = Math.floor(CREDIT_WINDOW_BYTES / encodeBatch(batch).byteLength)
    const written = Array.from({ length: 2 * fitting }, (_, i) => sink.write(batchOf(i * 64, 64, 'x'.repeat(16_000))))
    const acks: (() => void)[] = []
    for (let i = 0; i < fitting; i++) acks.push((await readBatch(source)).ack)
    const next = readBatch(source)
    // What is on its way goes over the same connection as this acknowledgement and its answer, so it would be counted by then.
    acks[0]?.()
    await written[0]
    const { ack } = await next
    expect(source.status().bytes).toBeLessThan(CREDIT_WINDOW_BYTES + 2 * encodeBatch(batch).byteLength)
    for (const answer of [...acks, ack]) answer()
    await Promise.all([readRows(source, written.length - fitting - 1), ...written])
  })

  test('a batch larger than the window is given back, and the bridge goes on', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const written = [sink.write(batchOf(0, 9, 'x'.repeat(1_000_000))), sink.write(batchOf(9, 1))]
    expect(await refusalOf(() => written[0])).toBe('bridge.batch_too_large')
    expect(await readRows(source, 1)).toEqual([9])
    await written[1]
  })

  test('a batch larger than the window fails the flow that made it, and is not tried again without end', async () => {
    const { sink, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const state = memory()
    const wide = changing('wide', ['in'], (batch) => ({ ...batchOf(0, 9, 'x'.repeat(1_000_000)), to: batch.to }))
    const bridge: FlowComponent = { name: BRIDGE, type: 'bridge_out', from: ['wide'], sink }
    const flow = runFlow(state.options([numbered('in', { rows: 3 }), wide, bridge]))
    expect(await refusalOf(() => flow.finished)).toBe('pipeline.component_failed')
    expect(flow.metrics()[2]).toMatchObject({
      state: 'failed',
      reason: { code: 'bridge.batch_too_large' },
      retries: 0,
    })
    expect(state.saved.size).toBe(0)
  })

  test('a batch that the flow gave back comes again', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const written = [sink.write(batchOf(0, 1)), sink.write(batchOf(1, 1))]
    const [first, second] = [await readBatch(source), await readBatch(source)]
    second.ack()
    first.ack({ error: new BridgeClosed('the sink failed') })
    expect(await readRows(source, 1)).toEqual([0])
    await Promise.all(written)
  })

  test('the end is confirmed after everything before it is', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const written = sink.write(batchOf(0, 1))
    let ended = false
    const end = sink.end().then(() => {
      ended = true
    })
    const read = await readBatch(source)
    const other = source.read()
    expect(ended).toBe(false)
    read.ack()
    await Promise.all([written, end])
    await sink.close()
    expect(await other).toBe('end')
    expect(await source.read()).toBe('end')
  })

  test('close() gives back what was not acknowledged and takes no more', async () => {
    const { sink, source, lifetime } = await openPair(agreed)
    await using _ = lifetime
    const written = refusalOf(() => sink.write(batchOf(0, 1)))
    await readBatch(source)
    await sink.close()
    expect(await written).toBe('bridge.closed')
    expect(await refusalOf(() => sink.write(batchOf(1, 1)))).toBe('bridge.closed')
    const waiting = source.read()
    await source.close()
    expect(await waiting).toBe('end')
    expect(sink.status().state).toBe('down')
  })
})
