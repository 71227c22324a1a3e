/** Rules about what sinks write to: what only one at a time may write to is given to one. */
import { checkConfig } from './config-issues.ts'
import { definitionOf, type Scope } from './lint-scope.ts'

/** Finds sinks of one system that would lock each other out; which file or table that is, their types say. */
export function lintOutputs(scope: Scope): void {
  const owners = new Map<string, string>()
  for (const [name, component] of Object.entries(scope.blueprint.components)) {
    const definition = definitionOf(scope, component)
    if (definition?.kind !== 'sink' || !definition.alone) continue
    const { config } = checkConfig(definition, component.config)
    if (config === undefined) continue
    const output = definition.alone(config)
    const key = JSON.stringify([component.on, component.type, output])
    const owner = owners.get(key)
    if (owner === undefined) {
      owners.set(key, name)
      continue
    }
    const message = `\`${owner}\` and \`${name}\` would both write to ${output}; name the inputs of both in \`from\` of one`
    scope.report({ code: 'blueprint.output_shared', severity: 'error', message }, ['components', name, 'config'], 'key')
  }
}
