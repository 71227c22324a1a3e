/** audit: the hash-chained trail of what people and keys did, its signed head, and its verification. */
export { verifyHead } from './chain.ts'
export { openTrail, type Trail } from './trail.ts'
