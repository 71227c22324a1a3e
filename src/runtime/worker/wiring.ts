/** How the components of an assignment and the ends of its bridges become one flow. */
import { type Bytes, fromBase64url } from '../../base/mod.ts'
import type { FlowComponent, Sink, Source } from '../../pipeline/mod.ts'
import type { WorkerBridge, WorkerStart } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { definitionOf } from '../deployments/examine.ts'
import { ComponentTypeUnknown } from '../errors.ts'

export type BridgeEnds = {
  outbound: (bridge: WorkerBridge) => Sink
  inbound: (bridge: WorkerBridge) => Source
}

/**
 * Components in the order of the assignment, then bridges: an inbound one stands under the name of its remote component, which
 * stays the same from version to version (sinks keep positions by it); an outbound one is a sink of the component whose records
 * cross, under the bridge's id.
 */
export function flowComponents(start: WorkerStart, types: ComponentTypes, ends: BridgeEnds): FlowComponent[] {
  const code = new Map(start.code.map((file) => [file.sha256, fromBase64url(file.content)]))
  const components = start.components.map((component) => componentOf(component, start, types, code))
  return [...components, ...start.bridges.map((bridge) => bridgeOf(bridge, ends))]
}

function componentOf(
  component: WorkerStart['components'][number],
  start: WorkerStart,
  types: ComponentTypes,
  code: ReadonlyMap<string, Bytes>,
): FlowComponent {
  const { name, type, config } = component
  const definition = definitionOf(component, types)
  if (!definition) throw new ComponentTypeUnknown(type)
  const here = new Set(start.components.map((one) => one.name))
  const crosses = (source: string): boolean => start.bridges.some((one) => one.from === source && one.to.includes(name))
  const from = component.from.filter((source) => here.has(source) || crosses(source))
  const file = component.code && code.get(component.code.sha256)
  return { name, type, from, definition, config, ...(file && { code: file }) }
}

function bridgeOf(bridge: WorkerBridge, ends: BridgeEnds): FlowComponent {
  if (bridge.direction === 'in') {
    return { name: bridge.from, type: 'bridge_in', from: [], source: ends.inbound(bridge) }
  }
  return { name: bridge.bridge, type: 'bridge_out', from: [bridge.from], sink: ends.outbound(bridge) }
}
