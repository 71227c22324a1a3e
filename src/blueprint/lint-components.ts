/** Rules about one component: its type, its config, its code, and its expressions against the fields that reach it. */
import { AppError, type Bytes, ownValue } from '../base/mod.ts'
import { ANY_FIELDS, type AnyDefinition, type FieldTypes } from '../pipeline/mod.ts'
import { checkConfig } from './config-issues.ts'
import { definitionOf, type Scope, withSuggestion } from './lint-scope.ts'
import { type BlueprintComponent, inputsOf } from './schema.ts'

function lintCode(
  scope: Scope,
  name: string,
  component: BlueprintComponent,
  definition: AnyDefinition,
): Bytes | undefined {
  if (component.code === undefined) return undefined
  if (!definition.code) {
    const message = `\`${component.type}\` takes no code`
    scope.report({ code: 'blueprint.code_unwanted', severity: 'error', message }, ['components', name, 'code'], 'key')
    return undefined
  }
  const bytes = scope.code.get(component.code)
  if (!bytes) {
    const message = `the file ${component.code} is not there`
    scope.report({ code: 'blueprint.code_missing', severity: 'error', message }, ['components', name, 'code'])
  }
  return bytes
}

/** Fields of everything that comes in: known only where all inputs agree. */
function mergeFields(inputs: readonly FieldTypes[]): FieldTypes {
  const [first, ...others] = inputs
  if (!first) return ANY_FIELDS
  return others.reduce((merged, input) => {
    const shared = Object.entries(merged.types).filter(([field, type]) => ownValue(input.types, field) === type)
    const same = shared.length === Object.keys(merged.types).length && shared.length === Object.keys(input.types).length
    return { types: Object.fromEntries(shared), complete: merged.complete && input.complete && same }
  }, first)
}

/** Lints one component whose inputs have been linted before, and notes in `known` what fields it gives. */
export function lintComponent(scope: Scope, name: string, known: Map<string, FieldTypes>): void {
  const component = ownValue(scope.blueprint.components, name)
  if (!component) return
  known.set(name, ANY_FIELDS)
  const definition = definitionOf(scope, component)
  if (!definition) {
    const message = `there is no component type \`${component.type}\``
    const finding = { code: 'blueprint.unknown_type', severity: 'error' as const, message }
    scope.report(withSuggestion(scope, finding, component.type, scope.catalogue.keys()), ['components', name, 'type'])
    return
  }
  const code = lintCode(scope, name, component, definition)
  const { config, issues } = checkConfig(definition, component.config)
  for (const issue of issues) {
    const finding = { code: 'blueprint.config', severity: 'error' as const, message: issue.message }
    const word = String(issue.path.at(-1) ?? '')
    const found = issue.known ? withSuggestion(scope, finding, word, issue.known) : finding
    const path =
      component.config && Object.keys(component.config).length > 0
        ? ['components', name, 'config', ...issue.path]
        : ['components', name]
    scope.report(found, path, issue.known ? 'key' : 'value')
  }
  if (config === undefined || definition.kind === 'sink' || (component.code !== undefined && !code)) return
  try {
    const inputs = mergeFields(inputsOf(component).map((input) => known.get(input) ?? ANY_FIELDS))
    known.set(name, definition.kind === 'source' ? definition.fields(config) : definition.fields(config, inputs, code))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    scope.report({ code: error.code, severity: 'error', message: error.message }, ['components', name, 'config'], 'key')
  }
}
