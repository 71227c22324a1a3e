/** How much memory a worker may hold: what the owner's rules say, else what the Runtime was started with; asked at each start of one. */
import type { OwnerRules } from '../policy/owner-rules.ts'

const MIB = 1_048_576

export function workerMemory(rules: Pick<OwnerRules, 'policy'>, startedWithBytes: number): () => number {
  return () => {
    const { workerMemoryMiB } = rules.policy
    return workerMemoryMiB === undefined ? startedWithBytes : workerMemoryMiB * MIB
  }
}
