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
  for (const component of components) checkNoCircle(component, byName, [])
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

function checkNoCircle(
  component: FlowComponent,
  byName: ReadonlyMap<string, FlowComponent>,
  below: readonly string[],
): void {
  if (below.includes(component.name)) throw new WiringInvalid(component.name, 'its records would go round in a circle')
  for (const name of component.from) {
    const upstream = byName.get(name)
    if (upstream) checkNoCircle(upstream, byName, [...below, component.name])
  }
}
