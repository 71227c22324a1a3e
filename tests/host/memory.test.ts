import { expect, test } from 'bun:test'
import { CALM_BYTES, GarbageWatch } from '../../src/host/memory.ts'

const MIB = 1_048_576

/** A process of which so much is garbage. */
function watched() {
  const process = { live: 0, garbage: 0, collections: 0 }
  const watch = new GarbageWatch({
    residentBytes: () => process.live + process.garbage,
    collect() {
      process.garbage = 0
      process.collections++
    },
  })
  return { process, watch }
}

test('garbage is collected once a process is large, and not while it is small', () => {
  const { process, watch } = watched()
  process.garbage = CALM_BYTES - 1
  watch.look()
  expect(process.collections).toBe(0)
  process.garbage++
  watch.look()
  expect(process).toEqual({ live: 0, garbage: 0, collections: 1 })
})

test('a process that is large by what is live is not looked through again until it has grown', () => {
  const { process, watch } = watched()
  process.live = CALM_BYTES + 100 * MIB
  watch.look()
  watch.look()
  process.garbage = 31 * MIB
  watch.look()
  expect(process.collections).toBe(1)
  process.garbage = 32 * MIB
  watch.look()
  expect(process).toEqual({ live: process.live, garbage: 0, collections: 2 })
})

test('growth is counted from the smallest that it was since', () => {
  const { process, watch } = watched()
  process.live = 2 * CALM_BYTES
  watch.look()
  process.live = CALM_BYTES / 2
  watch.look()
  process.garbage = CALM_BYTES
  watch.look()
  expect(process.collections).toBe(2)
})
