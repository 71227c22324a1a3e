/** The pipeline's ports over memory: checkpoints, dead letters, secrets and logs that tests look into. */
import type { Clock } from '../../../src/base/mod.ts'
import { systemClock, systemRandom } from '../../../src/base/mod.ts'
import type { Checkpoints, DeadLetter, FlowComponent, FlowOptions } from '../../../src/pipeline/mod.ts'

/** A clock on which sleeping takes no time beyond a macrotask, so that back-off and intervals do not slow a test down. */
export const hastyClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (_ms, signal) => systemClock.sleep(0, signal),
}

export type Memory = {
  checkpoints: Checkpoints
  /** Component → partition → next position. */
  saved: Map<string, Record<string, number>>
  letters: DeadLetter[]
  logged: { component?: string | undefined; template: string }[]
  secrets: Record<string, Record<string, string>>
  /** The options of a flow that stands on this memory. */
  options(components: readonly FlowComponent[], more?: Partial<FlowOptions>): FlowOptions
}

export function memory(): Memory {
  const saved = new Map<string, Record<string, number>>()
  const letters: DeadLetter[] = []
  const logged: Memory['logged'] = []
  const secrets: Memory['secrets'] = {}
  const checkpoints: Checkpoints = {
    load: async (component) => new Map(Object.entries(saved.get(component) ?? {})),
    save: async (component, positions) => {
      saved.set(component, { ...saved.get(component), ...Object.fromEntries(positions) })
    },
    forget: async (component, partitions) => {
      const left = Object.entries(saved.get(component) ?? {}).filter(([partition]) => !partitions.includes(partition))
      saved.set(component, Object.fromEntries(left))
    },
  }
  return {
    checkpoints,
    saved,
    letters,
    logged,
    secrets,
    options: (components, more = {}) => ({
      deployment: 'dep_1',
      components,
      checkpoints,
      secrets: { use: (name, fn) => fn(secrets[name] ?? {}) },
      deadLetters: {
        add: async (added) => {
          letters.push(...added)
        },
      },
      reporter: { log: (entry) => logged.push({ component: entry.component, template: entry.template }) },
      clock: hastyClock,
      random: systemRandom,
      ...more,
    }),
  }
}
