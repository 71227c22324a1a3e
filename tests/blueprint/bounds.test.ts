import { describe, expect, test } from 'bun:test'
import { FINDINGS_MAX, type Finding } from '../../src/blueprint/findings.ts'
import { lintBlueprint } from '../../src/blueprint/mod.ts'
import { catalogue } from '../../src/catalogue.ts'
import { slowTest } from '../support/quick.ts'

const HEAD = 'blueprint: b\nsystems: { s: { runtime: r } }\ncomponents:\n'

function lint(text: string): Finding[] {
  return lintBlueprint(text, { catalogue, code: new Map() }).findings
}

function many(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('')
}

/** Processor time of this thread's process, milliseconds: unlike the clock on the wall it does not run while others work. */
function processorTime(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

slowTest('keys without number are refused before anything is built of them', () => {
  const text = many(80_000, (i) => `k${i}: 1\n`)
  let findings: Finding[] = []
  expect(processorTime(() => (findings = lint(text)))).toBeLessThan(3_000)
  expect(findings).toEqual([
    expect.objectContaining({ code: 'blueprint.too_large', severity: 'error', line: 1, column: 1 }),
  ])
})

test.each([
  ['unclosed brackets', '['.repeat(1_000_000)],
  ['nested lists', '- '.repeat(500_000)],
  ['explicit keys', '? '.repeat(500_000)],
  ['line ends', '\n'.repeat(1_000_000)],
  ['comments', '# x\n'.repeat(250_000)],
  ['faults', 'k: ]\n'.repeat(200_000)],
  ['documents', '---\n'.repeat(250_000)],
  ['JSON', `{${many(60_000, (i) => `"k${i}":1,`)}}`],
])('%s without number are refused as too large', (_what, text) => {
  expect(lint(text).map(({ code }) => code)).toEqual(['blueprint.too_large'])
})

slowTest('nesting that cannot be followed is a finding, not a crash', () => {
  for (const text of ['['.repeat(20_000), '- '.repeat(20_000), '{a: '.repeat(10_000)])
    expect(lint(text)[0]?.code).toBe('blueprint.yaml')
})

describe('the time it takes grows with the text and not with its square:', () => {
  const cases: [string, (size: number) => string][] = [
    ['keys that do not belong there', (size) => many(size, (i) => `k${i}: 1\n`)],
    ['components that are none', (size) => HEAD + many(size, (i) => `  k${i}: 1\n`)],
    ['aliases', (size) => many(size / 2, (i) => `- &a${i} x\n- *a${i}\n`)],
  ]
  test.each(cases)('%s', (_what, text) => {
    lint(text(500))
    const small = processorTime(() => lint(text(1_000)))
    const large = processorTime(() => lint(text(8_000)))
    // 8 times the text: its square would be 64 times the time.
    expect(large).toBeLessThan(Math.max(small, 10) * 32)
  })
})

slowTest(
  'as many findings are told as someone can mend at once, and a Blueprint with more errors is no good either',
  () => {
    const inputs = (count: number): string => many(count, (i) => `x${i}, `)
    const text = `${HEAD}  c: { type: map, on: s, from: [${inputs(200)}], config: {} }\n`
    const { blueprint, findings } = lintBlueprint(text, { catalogue, code: new Map() })
    expect(findings.length).toBe(FINDINGS_MAX)
    expect(blueprint).toBeUndefined()
    expect(lint(HEAD + many(1_000, (i) => `  k${i}: 1\n`)).length).toBe(FINDINGS_MAX)
  },
)

slowTest('warnings without number hide no error', () => {
  const systems = many(200, (i) => `, s${i}: { runtime: r${i} }`)
  const text = `${HEAD.replace(' } }', ` }${systems} }`)}  c: { type: map, on: s, config: {} }\n`
  const { blueprint, findings } = lintBlueprint(text, { catalogue, code: new Map() })
  expect(findings.filter(({ severity }) => severity === 'warning').length).toBe(FINDINGS_MAX)
  expect(findings.some(({ code }) => code === 'blueprint.wiring')).toBe(true)
  expect(blueprint).toBeUndefined()
})

describe('a key that stands twice in one map', () => {
  const twice = { code: 'blueprint.yaml', message: 'Map keys must be unique' }

  slowTest('is found where it stands the second time, at any depth', () => {
    expect(lint(`${HEAD}  c: { type: map, on: s }\nblueprint: again\n`)).toMatchObject([
      { ...twice, line: 5, column: 1 },
    ])
    expect(lint(`${HEAD}  c:\n    type: map\n    on: s\n    type: filter\n`)).toMatchObject([
      { ...twice, line: 7, column: 5 },
    ])
    expect(lint(`${HEAD}  c: [{ a: 1, b: { x: 1, x: 2 } }]\n`)).toMatchObject([{ ...twice, line: 4, column: 26 }])
  })

  slowTest('is the same when only its writing differs, since one object is made of both', () => {
    for (const pair of ['{ a: 1, "a": 2 }', '{ 1: a, "1": b }', '{ true: a, "true": b }', '{ null: a, "": b }'])
      expect(lint(`x: ${pair}\n`)).toMatchObject([twice])
  })

  slowTest('is none when it stands in different maps', () => {
    expect(lint('a: { x: 1 }\nb: { x: 1 }\n').some(({ code }) => code === 'blueprint.yaml')).toBe(false)
  })
})

slowTest('keys are words: lists, maps and aliases are refused as keys at their place', () => {
  for (const text of ['a: &x y\n*x : 1\n', 'a: y\n? [b]\n: 1\n', 'a: y\n? {b: 1}\n: 1\n'])
    expect(lint(text)).toMatchObject([{ code: 'blueprint.yaml', message: 'Map keys must be plain words', line: 2 }])
})

slowTest('a hundred aliases are resolved, one more is refused at its place', () => {
  const text = (count: number): string => `a: &a x\nb:\n${'  - *a\n'.repeat(count)}`
  expect(lint(text(99)).some(({ code }) => code === 'blueprint.yaml')).toBe(false)
  expect(lint(text(101))).toMatchObject([{ code: 'blueprint.yaml', line: 103, column: 5 }])
})
