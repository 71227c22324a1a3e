import { expect, test } from 'bun:test'
import { formatFinding, lintBlueprint } from '../../src/blueprint/mod.ts'
import { catalogue } from '../../src/catalogue.ts'

const GOOD = `blueprint: orders
systems:
  factory: { runtime: factory-01 }
  cloud: { runtime: cloud-01 }
components:
  orders:
    type: csv_file
    on: factory
    config: { paths: ["in/*.csv"], columns: { price: double, quantity: double } }
  tidy:
    type: map
    on: factory
    from: orders
    config:
      set: { total: "price * quantity" }
  archive:
    type: json_lines_file
    on: cloud
    from: tidy
    config: { path: out/orders.jsonl }
`

function lint(text: string, code: Record<string, string> = {}): string[] {
  const files = new Map(Object.entries(code).map(([path, content]) => [path, new TextEncoder().encode(content)]))
  return lintBlueprint(text, { catalogue, code: files }).findings.map((finding) => formatFinding('b.yaml', finding))
}

test('lintBlueprint() finds nothing in a sound Blueprint and returns it', () => {
  const { blueprint, findings } = lintBlueprint(GOOD, { catalogue, code: new Map() })
  expect(findings).toEqual([])
  expect(blueprint?.blueprint).toBe('orders')
})

test('lintBlueprint() takes JSON as well, and a type that is source and sink by whether it takes records', () => {
  const json = JSON.stringify({
    blueprint: 'copy',
    systems: { here: { runtime: 'factory-01' } },
    components: {
      lines: { type: 'json_lines_file', on: 'here', config: { paths: ['in.jsonl'] } },
      copy: { type: 'json_lines_file', on: 'here', from: 'lines', config: { path: 'out.jsonl' } },
    },
  })
  expect(lintBlueprint(json, { catalogue, code: new Map() }).findings).toEqual([])
})

test('lintBlueprint() names a misspelt key, type, input and system with line, column and what was meant', () => {
  expect(lint(GOOD.replace('    type: map', '    tpye: map'))).toEqual([
    'b.yaml:10:3 error blueprint.missing_key: `components.tidy.type` is missing',
    'b.yaml:11:5 error blueprint.unknown_key: `components.tidy.tpye` is not a key that belongs here — did you mean `type`?',
  ])
  expect(lint(GOOD.replace('type: csv_file', 'type: csv_fiel'))).toEqual([
    'b.yaml:7:11 error blueprint.unknown_type: there is no component type `csv_fiel` — did you mean `csv_file`?',
  ])
  expect(lint(GOOD.replace('from: orders', 'from: order'))).toContain(
    'b.yaml:13:11 error blueprint.unknown_component: there is no component `order` — did you mean `orders`?',
  )
  expect(lint(GOOD.replace('    on: cloud', '    on: clod'))).toContain(
    'b.yaml:18:9 error blueprint.unknown_system: there is no system `clod` — did you mean `cloud`?',
  )
})

test('lintBlueprint() names a misspelt or missing setting of a component at its place', () => {
  expect(lint(GOOD.replace('paths: [', 'pahts: ['))).toEqual([
    'b.yaml:9:13 error blueprint.config: `csv_file` needs the setting `paths`',
    'b.yaml:9:15 error blueprint.config: `csv_file` has no setting `pahts` — did you mean `paths`?',
  ])
})

test('lintBlueprint() checks expressions against the fields that reach them', () => {
  const [finding = ''] = lint(GOOD.replace('price * quantity', "price * 'x'"))
  expect(finding).toStartWith('b.yaml:14:5 error expression.invalid: ')
})

test('lintBlueprint() finds wiring that cannot carry records', () => {
  expect(lint(GOOD.replace('    from: orders\n', ''))).toContain(
    'b.yaml:10:3 error blueprint.wiring: `map` needs `from`: the component whose records it takes',
  )
  expect(lint(GOOD.replace('from: tidy', 'from: orders'))).toContain(
    'b.yaml:10:3 error blueprint.unreachable: the records of `tidy` go nowhere',
  )
  expect(lint(GOOD.replace('from: orders', 'from: archive'))).toContain(
    'b.yaml:13:11 error blueprint.wiring: `archive` is a sink and gives no records',
  )
  const circle = GOOD.replace('from: orders', 'from: [orders, again]').replace(
    '  archive:',
    '  again: { type: map, on: factory, from: tidy, config: { set: { again: "true" } } }\n  archive:',
  )
  expect(lint(circle).some((line) => line.includes('blueprint.circle'))).toBe(true)
})

test('lintBlueprint() finds two systems on one Runtime, and a system that nothing is placed on', () => {
  expect(lint(GOOD.replace('cloud-01', 'factory-01')).some((line) => line.includes('blueprint.runtime_twice'))).toBe(
    true,
  )
  const idle = GOOD.replace('components:', '  spare: { runtime: spare-01 }\ncomponents:')
  expect(lint(idle)).toEqual([
    'b.yaml:5:3 warning blueprint.system_unused: no component is placed on the system `spare`',
  ])
})

test('lintBlueprint() finds two sinks that would write to one file of one system, however its path is written', () => {
  const second = (on: string, path: string): string =>
    `${GOOD}  again: { type: json_lines_file, on: ${on}, from: tidy, config: { path: ${path} } }\n`
  for (const path of ['out/orders.jsonl', './out/../out//orders.jsonl'])
    expect(lint(second('cloud', path))).toEqual([
      'b.yaml:21:58 error blueprint.output_shared: `archive` and `again` would both write to out/orders.jsonl; name the inputs of both in `from` of one',
    ])
  for (const [on, path] of [
    ['factory', 'out/orders.jsonl'],
    ['cloud', 'out/others.jsonl'],
  ] as const)
    expect(lint(second(on, path))).toEqual([])
})

test('lintBlueprint() lets two sinks write to one database', () => {
  const table = (name: string): string =>
    `  ${name}: { type: libsql_table, on: cloud, from: tidy, config: { path: out.db, table: ${name}, create: true } }\n`
  expect(lint(`${GOOD}${table('one')}${table('two')}`)).toEqual([])
})

test('lintBlueprint() finds a code file that is not there, and code where none belongs', () => {
  const filtered = GOOD.replace('    type: map', '    type: filter\n    code: ./keep.cel').replace(
    '    config:\n      set: { total: "price * quantity" }\n',
    '',
  )
  expect(lint(filtered)).toEqual(['b.yaml:12:11 error blueprint.code_missing: the file ./keep.cel is not there'])
  expect(lint(filtered, { './keep.cel': 'price > 1.0' })).toEqual([])
  const unwanted = GOOD.replace('    type: csv_file', '    type: csv_file\n    code: ./x.cel')
  expect(lint(unwanted).some((line) => line.includes('blueprint.code_unwanted'))).toBe(true)
})

test('lintBlueprint() tells where YAML itself is wrong, and refuses aliases that explode and texts without end', () => {
  expect(lint('blueprint: [a\nsystems: {}\n')[0]).toStartWith('b.yaml:2:1 error blueprint.yaml')
  expect(lint(`${GOOD}blueprint: again\n`)[0]).toContain('blueprint.yaml')
  const bomb = [
    'a0: &a0 [x, x]',
    ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
  ].join('\n')
  expect(lint(bomb)[0]).toContain('blueprint.yaml')
  expect(lint('x'.repeat(1_048_577))[0]).toContain('blueprint.too_large')
  expect(lint('')[0]).toContain('blueprint.schema')
})

test('lintBlueprint() refuses paths of code that lead elsewhere', () => {
  for (const path of ['/etc/passwd', './../x.cel', 'x.cel']) {
    const text = GOOD.replace('    type: map', `    type: map\n    code: ${path}`)
    expect(lint(text).some((line) => line.includes('components.tidy.code'))).toBe(true)
  }
})
