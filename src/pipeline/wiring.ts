/** Checks that the components of a flow fit together, before anything is opened. */
import { WiringInvalid } from './errors.ts'
import type { FlowComponent } from './flow-types.ts'

export type ComponentKind = 'source' | 'transform' | 'sink'

export function kindOf(component: FlowComponent): ComponentKind {
  if ('definition' in component) return component.definition.kind
  return 'source' in component ? 'source' : 'sink'
}

/** Throws `pipeline.wiring_invalid` naming the first component that does not fit. */
export function checkWiring(components: readonly FlowComponent[]): void {
  const byName = new Map<string, FlowComponent>()
  for (const component of components) {
    if (byName.has(component.name)) throw new WiringInvalid(component.name, 'two components have this name')
    byName.set(component.name, component)
  }
  for (const component of components) checkInputs(component, byName)
  checkNoCircles(byName)
}

function checkInputs(component: FlowComponent, byName: ReadonlyMap<string, FlowComponent>): void {
  const isSource = kindOf(component) === 'source'
  if (isSource && component.from.length > 0) throw new WiringInvalid(component.name, 'a source takes no records')
  if (!isSource && component.from.length === 0)
    throw new WiringInvalid(component.name, 'it takes no records: `from` is empty')
  if (new Set(component.from).size < component.from.length) {
    throw new WiringInvalid(component.name, 'it names the same component twice in `from`')
  }
  for (const name of component.from) {
    const upstream = byName.get(name)
    if (!upstream) throw new WiringInvalid(component.name, `it takes records from ${name}, which does not exist`)
    if (kindOf(upstream) === 'sink')
      throw new WiringInvalid(component.name, `it takes records from ${name}, which is a sink`)
  }
}

/** Each component is entered once: what was found to end is not followed again, however many ways lead to it. */
function checkNoCircles(byName: ReadonlyMap<string, FlowComponent>): void {
  const ends = new Set<string>()
  const below = new Set<string>()
  const follow = (component: FlowComponent): void => {
    if (ends.has(component.name)) return
    if (below.has(component.name)) throw new WiringInvalid(component.name, 'its records would go round in a circle')
    below.add(component.name)
    for (const name of component.from) {
      const upstream = byName.get(name)
      if (upstream) follow(upstream)
    }
    below.delete(component.name)
    ends.add(component.name)
  }
  for (const component of byName.values()) follow(component)
}
