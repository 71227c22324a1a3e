/** docs/components.md: the component types of the catalogue, each with its settings as its own schema has them. */
import * as v from 'valibot'
import { stringify } from 'yaml'
import { catalogue } from '../../src/catalogue.ts'
import type { AnyDefinition } from '../../src/pipeline/mod.ts'
import { fenced, GENERATED, page, table } from './markdown.ts'

/** The parts of valibot's schemas that are looked at; every schema is an object of this form. */
type Shape = {
  type: string
  wrapped?: Shape
  default?: unknown
  entries?: Record<string, Shape>
  options?: readonly unknown[]
  item?: Shape
  value?: Shape
  pipe?: readonly { kind: string; type: string; requirement?: unknown; message?: unknown }[]
}

/** A definition that lints and runs; a sink's twin is a source of the same name. */
function definitions(): AnyDefinition[] {
  return [...catalogue.values()].flatMap((definition) =>
    definition.kind === 'sink' && definition.twin ? [definition.twin, definition] : [definition],
  )
}

function typeOf(shape: Shape): string {
  switch (shape.type) {
    case 'optional':
      return shape.wrapped ? typeOf(shape.wrapped) : 'anything'
    case 'array':
      return `list of ${shape.item ? typeOf(shape.item) : 'anything'}`
    case 'record':
      return `name → ${shape.value ? typeOf(shape.value) : 'anything'}`
    case 'picklist':
      return (shape.options ?? []).map((option) => `\`${String(option)}\``).join(' or ')
    default:
      return shape.type
  }
}

function fallbackOf(shape: Shape): string {
  if (shape.type !== 'optional') return '**required**'
  return shape.default === undefined ? '–' : `\`${JSON.stringify(shape.default)}\``
}

function descriptionOf(shape: Shape): string {
  return v.getDescription(shape as unknown as v.GenericSchema) ?? ''
}

function settingsOf(config: Shape): string {
  const entries = Object.entries(config.entries ?? {})
  if (entries.length === 0) return 'It has no settings.'
  const rows = entries.map(([name, shape]) => [`\`${name}\``, typeOf(shape), fallbackOf(shape), descriptionOf(shape)])
  return table(['setting', 'type', 'default', 'meaning'], rows)
}

/** What must hold between settings, in the words of the checks. */
function rulesOf(config: Shape): string {
  const checks = (config.pipe ?? []).filter(({ kind, type }) => kind === 'validation' && type === 'check')
  const words = checks.map(({ message }) => message).filter((message) => typeof message === 'string')
  return words.length === 0 ? '' : `It needs ${words.join(', and ')}.`
}

function exampleOf(definition: AnyDefinition): string {
  const name = definition.kind === 'source' ? 'orders' : definition.kind === 'sink' ? 'kept' : 'tidy'
  const from = definition.kind === 'source' ? {} : { from: definition.kind === 'sink' ? 'tidy' : 'orders' }
  return stringify({ [name]: { type: definition.type, on: 'factory', ...from, config: definition.example } })
}

function section(definition: AnyDefinition): string[] {
  const { type, kind, summary, code } = definition
  const config = definition.config as unknown as Shape
  return [
    `## \`${type}\`, ${kind}`,
    definition.kind === 'sink' ? `${summary} Delivery: **${definition.delivery}**.` : summary,
    settingsOf(config),
    rulesOf(config),
    code ? `Code: ${code.summary}` : '',
    fenced('yaml', exampleOf(definition)),
  ]
}

export function componentsPage(): string {
  const order = { source: 0, transform: 1, sink: 2 }
  const all = definitions().sort((a, b) => order[a.kind] - order[b.kind] || (a.type < b.type ? -1 : 1))
  return page(
    '# Components',
    GENERATED,
    [
      'The types that a Blueprint may name. A type that is both source and sink is a source where it has no `from`. Delivery of a',
      'sink says what a crash leaves: `exactly-once` keeps the sources’ positions beside the records, `at-least-once` may write some again.',
      'Relative paths are in the `files` folder of the Runtime.',
    ].join('\n'),
    ...all.flatMap(section),
  )
}
