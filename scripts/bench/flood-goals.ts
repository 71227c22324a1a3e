/** What the bench `flood` is held to; docs/limits.md says so. */

/** Of the main process, in any one of the floods. */
export const MEMORY_MIB_MAX = 448
/**
 * The worker's rows for each second of processor that it gets, beside those before the flood: main does not make it wait. Two threads
 * of one core, and caches that others fill, take their part.
 */
export const PACE_MIN = 0.6
/** Until an owner is in, by password or session, from another address and from the flooders’ own: as long as a person waits for a page. */
export const SIGN_IN_MS_MAX = 10_000
/** Until 100,000 wrong passwords are answered. */
export const LOGINS_SECONDS_MAX = 120
