/** A process that appends to a journal until it is killed, and tells its parent each position that was acknowledged. */
import { writeSync } from 'node:fs'
import { fromHex, utf8 } from '../../src/base/mod.ts'
import { openJournal } from '../../src/store/mod.ts'

/** What the entry at a position holds; several sizes, so that frames end anywhere in a page. */
export function entryAt(position: number): string {
  return `${position}:${'x'.repeat((position * 7_919) % 3_000)}`
}

/** Appends run at once, so that groups of several form. */
const APPENDS_AT_ONCE = 8

if (import.meta.main) {
  const [folder = '', key = ''] = process.argv.slice(2)
  const journal = await openJournal({ folder, key: fromHex(key), segmentBytesMax: 65_536 })
  for (let next = journal.nextPosition; ; next += APPENDS_AT_ONCE) {
    const positions = Array.from({ length: APPENDS_AT_ONCE }, (_, at) => next + at)
    await Promise.all(
      positions.map(async (position) => {
        const { last } = await journal.append([utf8(entryAt(position))])
        writeSync(1, `${last}\n`)
      }),
    )
  }
}
