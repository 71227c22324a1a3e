/** Why the components and bridges of an assignment are no flow: what would fail in the worker, again and again, is refused before it starts. */
import type { AssignedBridge, AssignedComponent, Assignment, Reason } from '../../wire/mod.ts'
import type { ComponentRole } from './touches.ts'

/** What a component's type is; `undefined` of a type that is not known, which is refused for that. */
export type KindOf = (component: AssignedComponent) => ComponentRole | undefined

type Scope = {
  components: ReadonlyMap<string, AssignedComponent>
  bridges: readonly AssignedBridge[]
  kindOf: KindOf
}

/** Every record comes from a source or a bridge into here, never goes round, and comes to a sink or a bridge that leads out. */
export function wiringReasons({ components, bridges }: Assignment, kindOf: KindOf): Reason[] {
  const scope: Scope = { components: new Map(components.map((one) => [one.name, one])), bridges, kindOf }
  const names = [
    ...components.map(({ name }) => name),
    ...bridges.map(({ bridge, direction, from }) => (direction === 'in' ? from : bridge)),
  ]
  const circular = circularOf(components)
  const taken = takenNames(scope)
  return [
    ...(new Set(names).size === names.length ? [] : [{ code: 'assignment.name_twice' }]),
    ...components
      .filter((one) => circular.has(one.name) || !takesWell(one, scope) || !givesWell(one, scope, taken))
      .map(({ name }) => ({ code: 'assignment.wiring', item: name })),
    ...bridges
      .filter((bridge) => !bridgeFits(bridge, scope))
      .map(({ bridge }) => ({ code: 'assignment.wiring', item: bridge })),
  ]
}

function takesWell(component: AssignedComponent, scope: Scope): boolean {
  const { name, from } = component
  const kind = scope.kindOf(component)
  if (kind === 'source' ? from.length > 0 : kind !== undefined && from.length === 0) return false
  if (new Set(from).size < from.length) return false
  const crosses = (input: string): boolean =>
    scope.bridges.some((bridge) => bridge.direction === 'in' && bridge.from === input && bridge.to.includes(name))
  return from.every((input) => {
    const upstream = scope.components.get(input)
    return upstream ? scope.kindOf(upstream) !== 'sink' : crosses(input)
  })
}

function givesWell(component: AssignedComponent, scope: Scope, taken: ReadonlySet<string>): boolean {
  const kind = scope.kindOf(component)
  return kind === undefined || kind === 'sink' || taken.has(component.name)
}

/** Names of what something here or a bridge takes records from. */
function takenNames({ components, bridges }: Scope): ReadonlySet<string> {
  const out = bridges.filter(({ direction }) => direction === 'out')
  return new Set([...[...components.values()].flatMap(({ from }) => from), ...out.map(({ from }) => from)])
}

function bridgeFits({ direction, from, to, role, address }: AssignedBridge, { components, kindOf }: Scope): boolean {
  if (role === 'dial' && !address) return false
  if (direction === 'in') return to.every((name) => components.get(name)?.from.includes(from))
  const sender = components.get(from)
  return sender !== undefined && kindOf(sender) !== 'sink'
}

/** Names of the components that are in a circle, or between two: what is left when all that begins and all that ends is taken away. */
function circularOf(components: readonly AssignedComponent[]): ReadonlySet<string> {
  const left = new Map(components.map((one) => [one.name, one]))
  for (let before = -1; before !== left.size; ) {
    before = left.size
    const taken = new Set([...left.values()].flatMap(({ from }) => from))
    for (const [name, { from }] of left)
      if (!taken.has(name) || !from.some((input) => left.has(input))) left.delete(name)
  }
  return new Set(left.keys())
}
