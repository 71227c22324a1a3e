/** Work of the writer that is told to pause once others wait for their turn. */
import type { TenantAccess } from './tenant-access.ts'

/** Resolves with the work, which has then done as much as was begun before `pause` reached it. */
export async function pausable<T>(
  access: Pick<TenantAccess, 'ask'>,
  { pause, othersWait }: { pause: 'pause-import' | 'pause-reimport'; othersWait: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  // A process that is gone meanwhile is told of by the work itself.
  const paused = (): void => void access.ask('writer', pause, {}).catch(() => undefined)
  othersWait.addEventListener('abort', paused, { once: true })
  if (othersWait.aborted) paused()
  try {
    return await work()
  } finally {
    othersWait.removeEventListener('abort', paused)
  }
}
