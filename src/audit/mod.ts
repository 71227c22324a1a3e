/** audit: the hash-chained trail of what people and keys did, its signed head, and its verification. */
export { verifyHead } from './chain.ts'
export type { TrailEntry } from './entry.ts'
export { verifyExport } from './export.ts'
export { type ActRead, readActs } from './outcomes.ts'
export { recorded } from './recorded.ts'
export { SEARCH_LINES_MAX, type TrailFilter } from './search.ts'
export { openTrail, type Trail } from './trail.ts'
