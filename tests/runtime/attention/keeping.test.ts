import { expect, test } from 'bun:test'
import { journalLines, keyLines } from '../../../src/runtime/attention/keeping.ts'

const damage = [
  { segment: '0000000000000007.journal', position: 8, lost: 2 },
  { segment: '0000000000000020.journal', position: 21, lost: 1 },
]

test('entries of a journal that were lost are counted and named; a journal that is whole says nothing', () => {
  const [line, ...others] = journalLines({ logs: { damage }, 'owed-logs': { damage: [] } })
  expect(others).toEqual([])
  expect(line).toMatchObject({ id: 'journal.damaged logs', state: 'failed' })
  expect(line?.what).toBe(
    '3 entries of the journal logs were damaged on the disk, in 0000000000000007.journal from position 8',
  )
})

test('a recovery key that nobody has, and a rotation that was cut off, are told until they are not so any more', () => {
  const state = { name: 'vault', about: '', keys: 1, madeAtMs: 1, state: 'idle' as const, done: 0, of: 0 }
  const lines = (taken: boolean, failure: string | undefined) =>
    keyLines({
      keyring: { recovery: () => ({ madeAtMs: 1, taken }) },
      rotations: { list: () => [{ ...state, failure }] },
    }).map(({ id }) => id)
  expect(lines(false, 'store.disk_full')).toEqual(['key.rotation_failed vault', 'recovery_key.not_taken'])
  expect(lines(true, undefined)).toEqual([])
})
