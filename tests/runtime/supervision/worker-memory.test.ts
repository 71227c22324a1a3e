import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Policy } from '../../../src/runtime/policy/policy.ts'
import { workerMemory } from '../../../src/runtime/supervision/worker-memory.ts'
import { launcher } from '../../../src/runtime/supervision/worker-process.ts'
import { until } from '../../support/until.ts'

const MIB = 1_048_576
const entry = fileURLToPath(new URL('../../support/runtime/worker-entry.ts', import.meta.url))

test('a worker that is started after the rules changed plans for the memory that its supervisor lets it hold', async () => {
  const rules = { policy: {} as Policy }
  const memory = workerMemory(rules, 512 * MIB)
  const launch = launcher(memory, { entry })
  const planned = async (): Promise<number> => {
    const { pid, exited, kill } = launch({ answers: {} as never, onNews: () => undefined, onBroken: () => undefined })
    try {
      return await until('it runs in its own environment', () => {
        const given = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        return Number(given.find((line) => line.startsWith('BUN_JSC_forceRAMSize='))?.split('=')[1]) || undefined
      })
    } finally {
      kill('SIGKILL')
      await exited
    }
  }
  expect([await planned(), memory()]).toEqual([512 * MIB, 512 * MIB])
  rules.policy = { ...rules.policy, workerMemoryMiB: 300 }
  expect([await planned(), memory()]).toEqual([300 * MIB, 300 * MIB])
})
