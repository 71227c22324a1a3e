import { describe, expect, test } from 'bun:test'
import { catalogue } from '../../../src/catalogue.ts'
import type { AnyDefinition } from '../../../src/pipeline/mod.ts'
import { examine, touchesOf } from '../../../src/runtime/deployments/examine.ts'
import { additionsByKind, needsOf } from '../../../src/runtime/deployments/needs.ts'
import { DEFAULT_POLICY } from '../../../src/runtime/policy/policy.ts'
import type { AssignedComponent, Assignment, Reason } from '../../../src/wire/mod.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { STRANGER } from '../../support/wire/parties.ts'
import { assignment as bridged } from '../../support/wire/samples.ts'

const folders = { data: '/var/lib/sluice/runtime', files: '/srv/files' }
const surroundings = {
  ...{ types: catalogue, credentials: new Set(['warehouse']), peers: new Set([STRANGER]), folders },
  policy: DEFAULT_POLICY,
}
const CODE = { sha256: '0'.repeat(64), bytes: 4 }

function component(name: string, type: string, from: string[], config: unknown): AssignedComponent {
  return { name, type, from, config: { ...(config as object) } }
}
const source = (name = 'in'): AssignedComponent => component(name, 'csv_file', [], { paths: ['in/*.csv'] })
const map = (name: string, from: string[]): AssignedComponent => component(name, 'map', from, { drop: ['note'] })
const sink = (name: string, from: string[]): AssignedComponent =>
  component(name, 'json_lines_file', from, { path: `${name}.jsonl` })

function reasons(components: AssignedComponent[], changes: Partial<Assignment> = {}): Reason[] {
  return examine(plainAssignment({ components, ...changes }), surroundings)
}
const wiring = (...items: string[]): Reason[] => items.map((item) => ({ code: 'assignment.wiring', item }))

function withExample(definition: AnyDefinition): AssignedComponent[] {
  const { kind, type, example } = definition
  if (kind === 'source') return [component('example', type, [], example), sink('out', ['example'])]
  if (kind === 'sink') return [source(), component('example', type, ['in'], example)]
  return [source(), component('example', type, ['in'], example), sink('out', ['example'])]
}

describe('the catalogue', () => {
  const twins = [...catalogue.values()].flatMap((one) => (one.kind === 'sink' && one.twin ? [one.twin] : []))
  test.each([...catalogue.values(), ...twins].map((one): [string, string, AnyDefinition] => [one.kind, one.type, one]))(
    'shows an example of the %s %s that a Runtime can run',
    (_kind, _type, definition) => {
      expect(reasons(withExample(definition))).toEqual([])
    },
  )

  test('has a type that takes its condition from its config or from code, and needs one of them', () => {
    const filter = (config: object, code?: typeof CODE): AssignedComponent[] => [
      source(),
      { ...component('large', 'filter', ['in'], config), ...(code && { code }) },
      sink('out', ['large']),
    ]
    expect(reasons(filter({ where: 'quantity > 5.0' }))).toEqual([])
    expect(reasons(filter({}, CODE))).toEqual([])
    for (const config of [{}, { where: 'quantity >' }, { where: '1 + 1' }])
      expect(reasons(filter(config))).toEqual([{ code: 'component.config_invalid', item: 'large' }])
  })

  test('has types that take no code, and refuse it', () => {
    const coded = { ...map('tidy', ['in']), code: CODE }
    expect(reasons([source(), coded, sink('out', ['tidy'])])).toEqual([
      { code: 'component.code_unexpected', item: 'tidy' },
    ])
  })
})

describe('examine() refuses wiring that would fail in the worker, naming the component:', () => {
  const cases: [string, AssignedComponent[], Reason[]][] = [
    ['a transform alone', [map('tidy', [])], wiring('tidy')],
    ['a transform without input', [map('tidy', []), sink('out', ['tidy'])], wiring('tidy')],
    [
      'a sink without input',
      [source(), sink('out', ['in']), component('rows', 'libsql_table', [], { path: 'a.db', table: 'rows' })],
      wiring('rows'),
    ],
    ['a source that leads nowhere', [source(), source('other'), sink('out', ['in'])], wiring('other')],
    ['a transform that leads nowhere', [source(), map('tidy', ['in']), sink('out', ['in'])], wiring('tidy')],
    ['a source with an input', [{ ...source(), from: ['in'] }, sink('out', ['in'])], wiring('in')],
    [
      'a circle, and not what stands before or behind it',
      [source(), map('a', ['in', 'b']), map('b', ['a']), sink('out', ['b'])],
      wiring('a', 'b'),
    ],
    ['a transform that feeds itself', [source(), map('a', ['in', 'a']), sink('out', ['a'])], wiring('a')],
    ['a sink behind a sink', [source(), sink('first', ['in']), sink('second', ['first'])], wiring('second')],
    ['an input named twice', [source(), sink('out', ['in', 'in'])], wiring('out')],
    ['an input that is nowhere', [source(), sink('out', ['in', 'nobody'])], wiring('out')],
    ['two under one name', [source(), source(), sink('out', ['in'])], [{ code: 'assignment.name_twice' }]],
  ]
  test.each(cases)('%s', (_what, components, expected) => {
    expect(reasons(components)).toEqual(expected)
  })

  test('256 components in a row are no circle, in whatever order they stand', () => {
    const row = [source(), ...Array.from({ length: 254 }, (_, i) => map(`m${i}`, [i === 0 ? 'in' : `m${i - 1}`]))]
    expect(reasons([sink('out', ['m253']), ...row.reverse()])).toEqual([])
  })
})

describe('bridges', () => {
  const [sample] = bridged.bridges
  if (!sample) throw new Error('the sample has a bridge')
  const out = { ...sample, from: 'in' }
  const { address: _address, ...listening } = sample
  const into = { ...listening, direction: 'in' as const, role: 'listen' as const, from: 'far', to: ['out'] }

  test('give records to components and take them', () => {
    expect(reasons([source()], { bridges: [out] })).toEqual([])
    expect(reasons([sink('out', ['far'])], { bridges: [into] })).toEqual([])
  })

  test('are refused by their id when nothing here gives to them or takes from them', () => {
    expect(reasons([source(), sink('out', ['in'])], { bridges: [{ ...out, from: 'nobody' }] })).toEqual(
      wiring(out.bridge),
    )
    expect(reasons([source(), sink('out', ['in'])], { bridges: [{ ...out, from: 'out' }] })).toEqual(wiring(out.bridge))
    expect(reasons([source(), sink('out', ['in'])], { bridges: [into] })).toEqual(wiring(into.bridge))
  })

  test('bring records only to those components that they are for', () => {
    const components = [sink('out', ['far']), sink('other', ['far'])]
    expect(reasons(components, { bridges: [into] })).toEqual(wiring('other'))
  })

  test('need an address to dial, of characters that can be read', () => {
    const { address: _none, ...without } = out
    expect(reasons([source()], { bridges: [without] })).toEqual(wiring(out.bridge))
    const disguised = { ...out, address: { host: 'cloud\u200b.example', port: 1 } }
    expect(reasons([source()], { bridges: [disguised] })).toEqual([
      { code: 'policy.name_unprintable', item: out.bridge },
    ])
  })
})

describe('a name that the owner would not see as it is', () => {
  const marks = ['\n', '\0', '\u001b', '\u202e', '\u2066', '\u200b', '\u200d', '\ufeff', '\u2028', '\u00ad', '\u3164']
  test.each(marks.map((mark) => [`U+${mark.charCodeAt(0).toString(16).padStart(4, '0')}`, mark]))(
    'is refused with %s in it, by the name of its component',
    (_code, mark) => {
      const table = { credential: 'warehouse', table: 'orders' }
      for (const odd of [
        component('odd', 'json_lines_file', ['in'], { path: `out/a${mark}.jsonl` }),
        component('odd', 'libsql_table', ['in'], { ...table, table: `or${mark}ders` }),
        component('odd', 'libsql_table', ['in'], { ...table, credential: `ware${mark}house` }),
      ])
        expect(reasons([source(), odd])).toEqual([{ code: 'policy.name_unprintable', item: 'odd' }])
    },
  )

  test('is none that is only in another script, or has a space', () => {
    for (const path of ['Aufträge/März 2026.jsonl', '注文.jsonl', 'заказы.jsonl', 'طلبات.jsonl'])
      expect(reasons([source(), component('out', 'json_lines_file', ['in'], { path })])).toEqual([])
  })
})

test('a path that may not be reached is named, as far as a reason has room', () => {
  const path = `/proc/${'x'.repeat(300)}`
  expect(reasons([source(), component('out', 'json_lines_file', ['in'], { path })])).toEqual([
    { code: 'policy.path_forbidden', component: 'out', item: path.slice(0, 256) },
  ])
})

describe('a library', () => {
  const types = new Map(catalogue).set('map', {
    ...(catalogue.get('map') as AnyDefinition),
    touches: () => ({ libraries: ['left-pad@1.3.0'] }),
  } as AnyDefinition)
  const assignment = plainAssignment({ components: [source(), map('tidy', ['in']), sink('out', ['tidy'])] })

  test('that is not installed is named, and one that is installed is no reason', () => {
    const missing = [{ code: 'library.missing', component: 'tidy', item: 'left-pad@1.3.0' }]
    expect(examine(assignment, { ...surroundings, types })).toEqual(missing)
    const libraries = new Map([['left-pad@1.3.0', 'a'.repeat(64)]])
    expect(examine(assignment, { ...surroundings, types, libraries })).toEqual([])
    expect(
      examine(assignment, { ...surroundings, types, libraries: new Map([['left-pad@1.3.1', 'a'.repeat(64)]]) }),
    ).toEqual(missing)
  })

  test('is a need of its own: another version of it waits for the owner', () => {
    const sha256 = 'a'.repeat(64)
    const installed = new Map([['left-pad@1.3.0', sha256]])
    const needs = needsOf(assignment, (component) => touchesOf(component, types), installed)
    expect(needs).toContainEqual({ kind: 'library', item: `left-pad@1.3.0 ${sha256}` })
    expect(additionsByKind(needs).libraries).toEqual([`left-pad@1.3.0 (SHA-256 ${sha256})`])
  })
})
