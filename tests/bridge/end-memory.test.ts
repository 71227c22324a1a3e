/** The end of a bridge, when its receiver is killed at the worst moments: it stands on checkpoints that outlive him. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { AppError, Lifetime } from '../../src/base/mod.ts'
import { RECALLED_END_LINGER_MS } from '../../src/bridge/end-memory.ts'
import type { BridgeListener, BridgeSource } from '../../src/bridge/mod.ts'
import {
  type Agreed,
  agree,
  BRIDGE,
  batchOf,
  type EndChanges,
  listen,
  openReceiver,
  openSender,
  range,
  readRows,
} from '../support/bridge/ends.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { memory } from '../support/pipeline/memory.ts'
import { refusalOf } from '../support/refusal.ts'

class Busy extends AppError {
  override readonly code = 'test.busy' as const
  override readonly kind = 'unavailable' as const
}

let agreed: Agreed
let lifetime: Lifetime
let state: ReturnType<typeof memory>
let owner: BridgeSource | undefined
let listener: BridgeListener
beforeAll(async () => {
  agreed = await agree()
})
beforeEach(async () => {
  lifetime = new Lifetime()
  state = memory()
  owner = undefined
  listener = lifetime.use(await listen(() => owner), (opened) => opened.close())
})
afterEach(() => lifetime.close())

/** The next receiver, on the checkpoints of those before it. */
function receiver(changes: EndChanges = {}): BridgeSource {
  owner = lifetime.use(openReceiver(agreed, { checkpoints: state.checkpoints, ...changes }), (opened) => opened.close())
  return owner
}

function sender(changes: EndChanges = {}) {
  return lifetime.use(openSender(agreed, listener.port, changes), (opened) => opened.close())
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const kept = (): number | undefined => state.saved.get('orders')?.[BRIDGE]

/** A receiver that has acknowledged rows and end, and then is gone, as its sender is. */
async function endedAndGone(): Promise<void> {
  const [first, sink] = [receiver(), sender()]
  await Promise.all([readRows(first, 1), sink.write(batchOf(0, 10))])
  await sink.end()
  await first.close()
  await sink.close()
}

describe('a receiver that is started again after it had acknowledged the end', () => {
  test('ends although its sender is gone and says nothing more', async () => {
    await endedAndGone()
    const clock = new ManualClock()
    const read = receiver({ clock }).read()
    await turn()
    let ended = false
    read.then(() => {
      ended = true
    })
    clock.advance(RECALLED_END_LINGER_MS - 1)
    await turn()
    expect(ended).toBe(false)
    clock.advance(1)
    expect(await read).toBe('end')
  })

  test('takes what a successor of the sender sends, for as long as it takes, and forgets the end by it', async () => {
    await endedAndGone()
    expect(kept()).toBe(1)
    const clock = new ManualClock()
    const second = receiver({ clock })
    const rows = readRows(second)
    const sink = sender()
    await sink.write(batchOf(0, 10))
    expect(kept()).toBe(0)
    clock.advance(2 * RECALLED_END_LINGER_MS)
    await sink.write(batchOf(10, 10))
    await sink.end()
    expect(kept()).toBe(1)
    await sink.close()
    expect(await rows).toEqual(range(0, 20))
  })

  test('gives a sender that comes and goes without a word the whole time to come again', async () => {
    await endedAndGone()
    const clock = new ManualClock()
    const second = receiver({ clock })
    const rows = readRows(second)
    await turn()
    clock.advance(RECALLED_END_LINGER_MS - 1)
    const sink = sender()
    while (second.status().state !== 'up') await turn()
    await sink.close()
    while (second.status().state === 'up') await turn()
    clock.advance(RECALLED_END_LINGER_MS - 1)
    const successor = sender()
    await successor.write(batchOf(0, 10))
    await successor.end()
    await successor.close()
    expect(await rows).toEqual(range(0, 10))
  })
})

describe('the end', () => {
  test('is durable before the sender learns that it is known', async () => {
    let durable = (): void => undefined
    const asked = new Promise<void>((saving) => {
      const save = async (): Promise<void> => {
        saving()
        await new Promise<void>((resolve) => {
          durable = resolve
        })
      }
      receiver({ checkpoints: { ...state.checkpoints, save } })
    })
    let known = false
    const end = sender()
      .end()
      .then(() => {
        known = true
      })
    await asked
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(known).toBe(false)
    durable()
    await end
  })

  test('that cannot be kept fails the read, and is kept and acknowledged when it is read again', async () => {
    let failures = 2
    const save: typeof state.checkpoints.save = async (component, positions) => {
      if (failures-- > 0) throw new Busy('later')
      await state.checkpoints.save(component, positions)
    }
    const source = receiver({ checkpoints: { ...state.checkpoints, save } })
    const sink = sender()
    const end = sink.end()
    for (let tried = 0; tried < 2; tried++) expect(await refusalOf(() => source.read())).toBe('test.busy')
    const read = source.read()
    await end
    expect(kept()).toBe(1)
    await sink.close()
    expect(await read).toBe('end')
  })

  test('of which the checkpoints cannot say whether it was kept fails the read, and is asked for again', async () => {
    await endedAndGone()
    let failures = 2
    const load: typeof state.checkpoints.load = async (component) => {
      if (failures-- > 0) throw new Busy('later')
      return state.checkpoints.load(component)
    }
    const clock = new ManualClock()
    const source = receiver({ clock, checkpoints: { ...state.checkpoints, load } })
    for (let tried = 0; tried < 2; tried++) expect(await refusalOf(() => source.read())).toBe('test.busy')
    const read = source.read()
    await turn()
    clock.advance(RECALLED_END_LINGER_MS)
    expect(await read).toBe('end')
  })
})
