/** A volume that fills up stops every write of the Runtime: said while there is still room to act. */
import { type DiskSpace, diskSpace } from '../../host/mod.ts'
import type { AttentionLine } from '../attention.ts'

/** Below the smaller of the two there is not much left (`late`), or a write may fail at any moment (`failed`). */
export const DISK_FREE = {
  late: { bytes: 2_147_483_648, share: 0.05 },
  failed: { bytes: 268_435_456, share: 0.01 },
}
/** A figure of the disk is good for this long; it is asked for by every look at the overview. */
const FRESH_MS = 5_000

/** The volume of a folder, asked at most every five seconds. */
export function diskGauge(folder: string, clock: { monotonic(): number }): () => Promise<DiskSpace> {
  let known: { atMs: number; space: Promise<DiskSpace> } | undefined
  return () => {
    const nowMs = clock.monotonic()
    if (known === undefined || nowMs - known.atMs > FRESH_MS) known = { atMs: nowMs, space: diskSpace(folder) }
    return known.space
  }
}

export function diskLines({ disk }: { disk: DiskSpace }): AttentionLine[] {
  const isBelow = ({ bytes, share }: { bytes: number; share: number }): boolean =>
    disk.freeBytes < Math.min(bytes, disk.totalBytes * share)
  const state = isBelow(DISK_FREE.failed) ? 'failed' : isBelow(DISK_FREE.late) ? 'late' : undefined
  if (state === undefined) return []
  return [
    {
      id: 'disk.low',
      state,
      what: `The volume of the data folder is almost full: ${Math.floor(disk.freeBytes / 1_048_576)} MiB are free`,
      effect: 'When it is full, deployments hold their sources until there is room; nothing that was taken is lost.',
      cure: { label: 'Reload', href: '/' },
    },
  ]
}
