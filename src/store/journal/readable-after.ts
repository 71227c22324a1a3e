/** Where a journal can be read again behind a damaged place. */
import { JournalDamaged } from './errors.ts'
import type { Journal } from './journal.ts'

/**
 * The first position after a damaged one that can be read, or the end. A damaged group is unreadable as a whole and its length may
 * be among what is damaged, so it is felt for: in steps that double, then by halves between the last failure and the first success.
 */
export async function readableAfter(journal: Pick<Journal, 'read' | 'nextPosition'>, damaged: number): Promise<number> {
  let unreadable = damaged
  let readable = damaged + 1
  for (let step = 2; readable < journal.nextPosition && !(await canBeRead(journal, readable)); step *= 2) {
    unreadable = readable
    readable = Math.min(readable + step, journal.nextPosition)
  }
  while (readable - unreadable > 1) {
    const middle = Math.floor((unreadable + readable) / 2)
    if (await canBeRead(journal, middle)) readable = middle
    else unreadable = middle
  }
  return readable
}

async function canBeRead(journal: Pick<Journal, 'read'>, position: number): Promise<boolean> {
  try {
    await journal.read(position, { countMax: 1, bytesMax: 1 })
    return true
  } catch (error) {
    if (error instanceof JournalDamaged) return false
    throw error
  }
}
