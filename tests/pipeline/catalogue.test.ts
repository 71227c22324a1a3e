import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { catalogue } from '../../src/catalogue.ts'
import { type AnyDefinition, type ConfigSchema, chooseDefinition, parseConfig } from '../../src/pipeline/mod.ts'
import { Name } from '../../src/wire/mod.ts'

const definitions: AnyDefinition[] = [...catalogue.values()].flatMap((definition) =>
  definition.kind === 'sink' && definition.twin ? [definition, definition.twin] : [definition],
)

/** Every `v.description` in the schema of a config, by field. */
function descriptions(schema: ConfigSchema): [string, string | undefined][] {
  if (!('entries' in schema)) return []
  const entries = schema.entries as Record<string, v.GenericSchema>
  return Object.entries(entries).map(([field, entry]) => [field, v.getDescription(entry)])
}

test('the catalogue has the types of the foundation, each with the kind that its place in a flow asks for', () => {
  const kindsOf = (type: string): (string | undefined)[] => [
    chooseDefinition(catalogue, type, false)?.kind,
    chooseDefinition(catalogue, type, true)?.kind,
  ]
  expect(Object.fromEntries([...catalogue.keys()].map((type) => [type, kindsOf(type)]))).toEqual({
    csv_file: ['source', 'source'],
    filter: ['transform', 'transform'],
    json_lines_file: ['source', 'sink'],
    libsql_table: ['sink', 'sink'],
    map: ['transform', 'transform'],
  })
  expect(chooseDefinition(catalogue, 'nothing', true)).toBeUndefined()
})

for (const definition of definitions) {
  test(`${definition.type} (${definition.kind}) says what it does, describes every setting, and its example passes`, () => {
    expect(v.is(Name, definition.type)).toBe(true)
    expect(definition.summary).toMatch(/^[A-Z].*\.$/)
    const described = descriptions(definition.config)
    expect(described.length).toBeGreaterThan(0)
    for (const [field, description] of described)
      expect([field, description]).toEqual([field, expect.stringMatching(/^[A-Z`].*\.$/s)])
    const config = parseConfig(definition, definition.example)
    const touches = definition.touches(config)
    const { script: _script, ...named } = touches
    for (const touched of Object.values(named)) expect(touched.every((item) => typeof item === 'string')).toBe(true)
    if (definition.kind !== 'transform') expect(Object.keys(touches).length).toBeGreaterThan(0)
  })

  test(`${definition.type} (${definition.kind}) refuses a setting that it does not know, by name and without its value`, () => {
    const config = { ...parseConfig(definition, definition.example), colour: 'hunter2' }
    expect(() => parseConfig(definition, config)).toThrow(/colour/)
    expect(() => parseConfig(definition, config)).not.toThrow(/hunter2/)
  })
}
