/** Which components use a credential or a library: those of what is in force, ended or not (`hasEnded`), or waits for its owner. */
import type { Assignment } from '../../wire/mod.ts'
import type { Assignments, KeptAssignment } from '../state/assignments.ts'
import type { ComponentTypes } from './component-types.ts'
import { hasEnded } from './ended.ts'
import { definitionOf, touchesOf } from './examine.ts'
import type { Touches } from './touches.ts'

/**
 * One component that names what is asked for. `waits`: its version is not approved, so it may not use it yet. `ended`: its flow came to
 * its end, and uses it again once it is started again.
 */
export type ComponentUse = {
  deployment: string
  blueprint: string
  version: number
  waits: boolean
  ended: boolean
  component: string
  type: string
  /** Whether its type has a check. */
  checks: boolean
}

type Named = Pick<ComponentUse, 'component' | 'type' | 'checks'> & { names: readonly string[] }

/** What 1,024 deployments with a version in force and one that waits come to: ≈ 2,048 × ≤ 1 KiB. The oldest goes first. */
const REMEMBERED_MAX = 2_048

export type ComponentUsageDeps = {
  assignments: Pick<Assignments, 'list' | 'open'>
  types: ComponentTypes
  /** What is asked for, of all that a component touches. */
  names: (touches: Touches) => readonly string[] | undefined
}

export class ComponentUsage {
  readonly #deps: ComponentUsageDeps
  /** By digest: what an assignment names never changes, and to open one takes its time. */
  readonly #named = new Map<string, readonly Named[]>()

  constructor(deps: ComponentUsageDeps) {
    this.#deps = deps
  }

  /** Uses by name, each list in the order of deployments. What somebody stopped or turned down uses nothing any more. */
  async all(): Promise<ReadonlyMap<string, readonly ComponentUse[]>> {
    const uses = new Map<string, ComponentUse[]>()
    for (const kept of await this.#deps.assignments.list(['current', 'waiting'])) {
      const ended = hasEnded(kept)
      if (kept.state === 'refused' || (kept.state === 'stopped' && !ended)) continue
      const { deployment, blueprint, version, place } = kept
      for (const { names, ...component } of await this.#namedBy(kept)) {
        const use = { deployment, blueprint, version, waits: place === 'waiting', ended, ...component }
        for (const name of names) uses.set(name, [...(uses.get(name) ?? []), use])
      }
    }
    return uses
  }

  async of(name: string): Promise<readonly ComponentUse[]> {
    return (await this.all()).get(name) ?? []
  }

  async #namedBy(kept: KeptAssignment): Promise<readonly Named[]> {
    const known = this.#named.get(kept.digest)
    if (known) return known
    const assignment = await this.#opened(kept)
    if (!assignment) return []
    const named = namedIn(assignment, this.#deps)
    const [oldest] = this.#named.keys()
    if (this.#named.size >= REMEMBERED_MAX && oldest !== undefined) this.#named.delete(oldest)
    this.#named.set(kept.digest, named)
    return named
  }

  async #opened({ deployment, version }: KeptAssignment): Promise<Assignment | undefined> {
    try {
      return await this.#deps.assignments.open(deployment, version)
    } catch {
      // A row that is not ours cannot run either, and its deployment says so.
      return undefined
    }
  }
}

/** Those who use it, as a person reads it: each Blueprint with its deployment, and whether that has ended. */
export function usersOf(uses: readonly ComponentUse[]): string {
  const users = uses.map(({ blueprint, deployment, ended }) =>
    ended ? `${blueprint} (${deployment}, which has ended and can start again)` : `${blueprint} (${deployment})`,
  )
  const all = [...new Set(users)]
  const shown = all.slice(0, 8).join(', ')
  return all.length > 8 ? `${shown} and ${all.length - 8} more` : shown
}

function namedIn(assignment: Assignment, { types, names: asked }: ComponentUsageDeps): Named[] {
  return assignment.components.flatMap((component) => {
    const names = asked(touchesOf(component, types).touches) ?? []
    if (names.length === 0) return []
    const checks = definitionOf(component, types)?.check !== undefined
    return [{ component: component.name, type: component.type, checks, names }]
  })
}
