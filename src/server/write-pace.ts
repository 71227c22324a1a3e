/** How much one user may change in a while: each change leaves entries in the audit trail, which is never thinned. */
import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../base/mod.ts'
import { WritesTooOften } from './errors.ts'
import type { PersonEnv } from './person.ts'

/**
 * A user who is no owner makes 120 changes at once, then one every two seconds: 43,200 a day × two entries of ≈ 400 B are 35 MB a day
 * at most, with a name on each. An owner may fill the disk in other ways, and is not held up.
 */
export const WRITES_AT_ONCE = 120
export const WRITE_EVERY_MS = 2_000
/** More users than that at once start afresh: 4,096 × ~100 B < 1 MiB. */
const USERS_MAX = 4_096

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Comes after `authenticate`. Refuses `request.too_often` with the wait in seconds; what is refused leaves no entry. */
export function writePace(clock: Clock): MiddlewareHandler<PersonEnv> {
  /** User → when all that was taken is made good again, by the monotonic clock. */
  const fullAt = new Map<string, number>()
  return async (c, next) => {
    const { id, role } = c.var.user
    if (READS.has(c.req.method) || role === 'owner') return next()
    const now = clock.monotonic()
    const owed = Math.max(now, fullAt.get(id) ?? now) + WRITE_EVERY_MS
    const waitMs = owed - now - WRITES_AT_ONCE * WRITE_EVERY_MS
    if (waitMs > 0) throw new WritesTooOften(waitMs)
    fullAt.delete(id)
    fullAt.set(id, owed)
    const [oldest] = fullAt.keys()
    if (fullAt.size > USERS_MAX && oldest !== undefined) fullAt.delete(oldest)
    return next()
  }
}
