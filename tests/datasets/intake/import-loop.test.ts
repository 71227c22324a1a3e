import { expect, test } from 'bun:test'
import { logOf, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { encodeEntry } from '../../../src/datasets/intake/entry.ts'
import { ImportLoop } from '../../../src/datasets/intake/import-loop.ts'
import { type Journal, openJournal } from '../../../src/store/mod.ts'
import type { ImportId } from '../../../src/wire/mod.ts'
import { takenHeader } from '../../support/datasets/tenant-database.ts'
import { memoryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

const header = takenHeader('ds_1')

/** The journal, to which something is appended between a read that finds nothing and its answer. */
function appendedAmidRead(journal: Journal): Journal {
  return new Proxy(journal, {
    get(_target, property) {
      if (property !== 'read') {
        const found: unknown = Reflect.get(journal, property, journal)
        return typeof found === 'function' ? found.bind(journal) : found
      }
      return async (...asked: Parameters<Journal['read']>) => {
        const entries = await journal.read(...asked)
        if (entries.length === 0) await journal.append([encodeEntry(header, new Uint8Array(0))])
        return entries
      }
    },
  })
}

test('what is acknowledged while passed-over positions are read is imported', async () => {
  using folder = memoryFolder()
  const journal = await openJournal({ folder: folder.path, key: systemRandom(32) })
  await journal.skip(5)
  const imported: ImportId[] = []
  const loop = new ImportLoop({
    ...{ tenant: 'dt_1', journal: appendedAmidRead(journal), objects: folder.path, reached: 0 },
    ...{ clock: systemClock, random: systemRandom, log: logOf('test'), mayTrim: () => false },
    turn: (_alone, work) => work(new AbortController().signal),
    worker: {
      position: async () => 0,
      import: async (documents) => ({ position: documents.at(-1)?.position ?? 0, gone: [] }),
      refuse: async ({ position }) => ({ position }),
    },
    onImported: (ids) => imported.push(...ids),
  })
  loop.wake()
  await until('it is imported', () => imported.length > 0, 2_000)
  expect(imported).toEqual([header.import])
  await loop.close()
  await journal.close()
})
