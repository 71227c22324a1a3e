/** Reads what waits in a journal, and on behind what cannot be read any more: one rotten place holds up nothing but itself. */
import type { Log } from '../../base/mod.ts'
import { type Journal, JournalDamaged, type JournalEntry, readableAfter } from '../../store/mod.ts'

/** As `Journal.read`, but where the first cannot be read from the next one that can, which is told. Empty at the end only. */
export async function readOn(
  { journal, log, tenant }: { journal: Pick<Journal, 'read' | 'nextPosition'>; log: Log; tenant: string },
  from: number,
  bounds: { countMax: number; bytesMax: number },
): Promise<JournalEntry[]> {
  try {
    return await journal.read(from, bounds)
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error
    const next = await readableAfter(journal, from)
    log.error('uploads that waited cannot be read any more', { tenant, position: from, lost: next - from })
    return journal.read(next, bounds)
  }
}
