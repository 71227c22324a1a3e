import { describe, expect, test } from 'bun:test'
import { logOf } from '../../src/base/mod.ts'
import { type Progress, Rotations, type RotationTarget } from '../../src/keys/mod.ts'
import { refusalOf } from '../support/refusal.ts'

type Kept = { purpose: string; id: string; madeAtMs: number; rotating: boolean }

function target(name: string, rotate: RotationTarget['rotate']): RotationTarget {
  return { name, about: 'a test', keys: () => [{ purpose: name, id: 'runtime' }], rotate }
}

type Ended = (name: string, failure: string | undefined) => Promise<unknown>

function rotations(targets: RotationTarget[], given?: Kept[], ended?: Ended): Rotations {
  const kept = given ?? targets.map(({ name }) => ({ purpose: name, id: 'runtime', madeAtMs: 1, rotating: false }))
  return new Rotations({
    ...{ keyring: { list: () => kept }, targets, log: logOf('test') },
    ended: async (name, failure) => void (await ended?.(name, failure)),
  })
}

describe('rotations', () => {
  test('show how far they are, one at a time, and how old each key is', async () => {
    let step: Progress = () => undefined
    let end = (): void => undefined
    const slow = target('database', (progress) => {
      step = progress
      return new Promise<void>((resolve) => (end = resolve))
    })
    const kept = [
      { purpose: 'database', id: 'runtime', madeAtMs: 5, rotating: true },
      { purpose: 'vault', id: 'runtime', madeAtMs: 6, rotating: false },
    ]
    const all = rotations([slow, target('vault', async () => undefined)], kept)
    expect(all.list()[0]).toMatchObject({ state: 'interrupted', madeAtMs: 5, keys: 1 })
    all.begin('database')
    step(3, 7)
    expect(all.list()).toMatchObject([
      { name: 'database', state: 'rotating', done: 3, of: 7 },
      { name: 'vault', state: 'idle', madeAtMs: 6, keys: 1 },
    ])
    expect(await refusalOf(() => all.begin('vault'))).toBe('key.busy')
    expect(await refusalOf(() => all.hold())).toBe('key.busy')
    end()
    await all.idle()
    all.begin('vault')
    await all.idle()
    expect(all.list()[1]).toMatchObject({ state: 'idle', failure: undefined })
  })

  test('of a key that there is not, or that nothing needed yet, are refused', async () => {
    const unneeded = rotations([target('vault', async () => undefined)], [])
    expect(unneeded.list()[0]).toMatchObject({ keys: 0, madeAtMs: undefined })
    expect(await refusalOf(() => unneeded.begin('vault'))).toBe('key.not_found')
    expect(await refusalOf(() => rotations([]).begin('none'))).toBe('key.not_found')
  })

  test('do not begin while keys are copied, and do once that has ended, however it did', async () => {
    const all = rotations([target('vault', async () => undefined)])
    const release = all.hold()
    expect(await refusalOf(() => all.begin('vault'))).toBe('key.busy')
    expect(await refusalOf(() => all.hold())).toBe('key.busy')
    release()
    const second = all.hold()
    // Released twice it does not release what another holds.
    release()
    expect(await refusalOf(() => all.begin('vault'))).toBe('key.busy')
    second()
    expect(await refusalOf(() => all.whileStill(() => Promise.reject(new RangeError('a fault'))))).toBe(
      'internal.unexpected',
    )
    expect(await refusalOf(() => all.begin('vault'))).toBe('nothing')
    await all.idle()
  })

  test('that fail say why and can be begun again', async () => {
    let times = 0
    const all = rotations([
      target('vault', async () => {
        if (times++ === 0) throw new RangeError('a fault')
      }),
    ])
    all.begin('vault')
    await all.idle()
    expect(all.list()[0]).toMatchObject({ state: 'idle', failure: 'internal.unexpected' })
    all.begin('vault')
    await all.idle()
    expect(all.list()[0]?.failure).toBeUndefined()
  })

  test('that were cut off go on at the next start, all of them, one after another; closing cuts them off', async () => {
    const order: string[] = []
    const kept = ['a', 'b', 'c'].map((purpose) => ({ purpose, id: 'runtime', madeAtMs: 1, rotating: purpose !== 'b' }))
    const all = rotations(
      ['a', 'b', 'c'].map((name) => target(name, async () => void order.push(name))),
      kept,
    )
    await all.resume()
    expect(order).toEqual(['a', 'c'])
    const endless = rotations([
      target('a', (_progress, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(1)))),
    ])
    endless.begin('a')
    await endless.close()
    expect(endless.list()[0]).toMatchObject({ failure: undefined })
  })

  test('that were cut off are gone on with in one row: no backup and no other rotation gets in between', async () => {
    const kept = ['a', 'b'].map((purpose) => ({ purpose, id: 'runtime', madeAtMs: 1, rotating: true }))
    const refused: (string | undefined)[] = []
    const order: string[] = []
    const all: Rotations = rotations(
      ['a', 'b'].map((name) => target(name, async () => void order.push(name))),
      kept,
      // Between the end of one and the beginning of the next.
      async () => refused.push(await refusalOf(() => all.hold()), await refusalOf(() => all.begin('a'))),
    )
    await all.resume()
    expect(order).toEqual(['a', 'b'])
    expect(refused).toEqual(['key.busy', 'key.busy', 'key.busy', 'key.busy'])
    all.hold()()
  })

  test('that were cut off and cannot be gone on with end nothing: it is said which and why', async () => {
    const kept = ['a', 'b'].map((purpose) => ({ purpose, id: 'runtime', madeAtMs: 1, rotating: true }))
    const order: string[] = []
    const all = rotations(
      [target('a', () => Promise.reject(new RangeError('a fault'))), target('b', async () => void order.push('b'))],
      kept,
    )
    const release = all.hold()
    await all.resume()
    expect(all.list()).toMatchObject([{ failure: 'key.busy' }, { failure: 'key.busy' }])
    release()
    await all.resume()
    expect(order).toEqual(['b'])
    expect(all.list()).toMatchObject([{ failure: 'internal.unexpected' }, { failure: undefined }])
  })

  test('that were cut off are awaited by close(), which begins no further one', async () => {
    const kept = ['a', 'b'].map((purpose) => ({ purpose, id: 'runtime', madeAtMs: 1, rotating: true }))
    const order: string[] = []
    const all = rotations(
      [
        target('a', (_progress, signal) => {
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve(void order.push('a'))))
        }),
        target('b', async () => void order.push('b')),
      ],
      kept,
    )
    void all.resume()
    await all.close()
    expect(order).toEqual(['a'])
  })

  test('that have ended have ended, though the audit trail cannot take the word', async () => {
    const words: unknown[] = []
    const all = rotations([target('vault', async () => undefined)], undefined, async (_name, failure) => {
      words.push(failure)
      throw new RangeError('the disk is full')
    })
    all.begin('vault')
    await all.idle()
    expect(words).toEqual([undefined])
    expect(all.list()[0]).toMatchObject({ state: 'idle', failure: undefined })
  })
})
