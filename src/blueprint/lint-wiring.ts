/** Rules about places and wires: systems that exist, inputs that give records, no circle, nothing that leads nowhere. */
import { ownValue } from '../base/mod.ts'
import { definitionOf, type Scope, withSuggestion } from './lint-scope.ts'
import { type Blueprint, inputsOf } from './schema.ts'

export function lintPlaces(scope: Scope): void {
  const { systems, components } = scope.blueprint
  const runtimes = new Map<string, string>()
  for (const [system, { runtime }] of Object.entries(systems)) {
    const other = runtimes.get(runtime)
    if (other !== undefined) {
      const message = `the systems \`${other}\` and \`${system}\` are the same Runtime; make them one system`
      scope.report({ code: 'blueprint.runtime_twice', severity: 'error', message }, ['systems', system, 'runtime'])
    }
    runtimes.set(runtime, system)
    if (!Object.values(components).some(({ on }) => on === system)) {
      const message = `no component is placed on the system \`${system}\``
      scope.report({ code: 'blueprint.system_unused', severity: 'warning', message }, ['systems', system], 'key')
    }
  }
  for (const [name, { on }] of Object.entries(components)) {
    if (ownValue(systems, on) !== undefined) continue
    const finding = {
      code: 'blueprint.unknown_system',
      severity: 'error' as const,
      message: `there is no system \`${on}\``,
    }
    scope.report(withSuggestion(scope, finding, on, Object.keys(systems)), ['components', name, 'on'])
  }
}

export function lintWiring(scope: Scope): void {
  const { components } = scope.blueprint
  const taken = new Set(Object.values(components).flatMap(inputsOf))
  for (const [name, component] of Object.entries(components)) {
    for (const input of inputsOf(component)) lintInput(scope, name, input)
    const kind = definitionOf(scope, component)?.kind
    const message =
      kind === 'source' && component.from !== undefined
        ? `\`${component.type}\` is a source and takes no records; remove \`from\``
        : kind !== undefined && kind !== 'source' && component.from === undefined
          ? `\`${component.type}\` needs \`from\`: the component whose records it takes`
          : undefined
    const path = component.from === undefined ? ['components', name] : ['components', name, 'from']
    if (message) scope.report({ code: 'blueprint.wiring', severity: 'error', message }, path, 'key')
    if (kind !== undefined && kind !== 'sink' && !taken.has(name)) {
      const nowhere = `the records of \`${name}\` go nowhere`
      scope.report({ code: 'blueprint.unreachable', severity: 'error', message: nowhere }, ['components', name], 'key')
    }
  }
}

function lintInput(scope: Scope, name: string, input: string): void {
  const { components } = scope.blueprint
  const path = ['components', name, 'from']
  const other = ownValue(components, input)
  if (!other) {
    const finding = {
      code: 'blueprint.unknown_component',
      severity: 'error' as const,
      message: `there is no component \`${input}\``,
    }
    scope.report(withSuggestion(scope, finding, input, Object.keys(components)), path)
  } else if (definitionOf(scope, other)?.kind === 'sink') {
    scope.report(
      { code: 'blueprint.wiring', severity: 'error', message: `\`${input}\` is a sink and gives no records` },
      path,
    )
  }
}

/** Components in an order in which each comes after its inputs; what is left is in or behind a circle. */
export function flowOrder(blueprint: Blueprint): { order: string[]; circular: string[] } {
  const waiting = new Map(Object.entries(blueprint.components))
  const order: string[] = []
  for (let before = -1; before !== order.length; ) {
    before = order.length
    for (const [name, component] of waiting) {
      if (inputsOf(component).some((input) => waiting.has(input))) continue
      order.push(name)
      waiting.delete(name)
    }
  }
  return { order, circular: [...waiting.keys()] }
}
