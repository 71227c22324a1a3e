import { expect, test } from 'bun:test'
import { annotations } from '../../../src/cli/datasets/annotations.ts'
import { parseCondition } from '../../../src/cli/datasets/conditions.ts'
import { recordsTable } from '../../../src/cli/datasets/records.ts'
import { UploadProgress } from '../../../src/cli/datasets/upload-progress.ts'
import type { Condition } from '../../../src/wire/mod.ts'

test('a condition is read as people type it', () => {
  const cases: [string, Condition][] = [
    ['status = failed', { field: 'status', is: 'eq', value: 'failed' }],
    ['status!=failed', { field: 'status', is: 'ne', value: 'failed' }],
    ['duration_ms>=10', { field: 'duration_ms', is: 'ge', value: '10' }],
    ['Story Points < 5', { field: 'Story Points', is: 'lt', value: '5' }],
    ['"a = b" = " c "', { field: 'a = b', is: 'eq', value: ' c ' }],
    ['message contains a = b', { field: 'message', is: 'contains', value: 'a = b' }],
    ['message ~ time out', { field: 'message', is: 'contains', value: 'time out' }],
    ['status in failed, "a, b",error', { field: 'status', is: 'in', value: ['failed', 'a, b', 'error'] }],
    ['owner is missing', { field: 'owner', is: 'missing', value: true }],
    ['owner is not missing', { field: 'owner', is: 'missing', value: false }],
    ['a = is missing', { field: 'a', is: 'eq', value: 'is missing' }],
    ['text = one\ntwo', { field: 'text', is: 'eq', value: 'one\ntwo' }],
    ['text = ""', { field: 'text', is: 'eq', value: '' }],
  ]
  for (const [text, condition] of cases) expect(parseCondition(text)).toEqual(condition)
  for (const text of ['', 'status', '= x', 'status =', 'status in ,', 'status is']) {
    expect(() => parseCondition(text)).toThrow('--where takes a condition')
  }
  for (const sign of ['==', '>>', '=<', '<>', '!==', '=~']) {
    const refused = () => parseCondition(`price ${sign} 8`)
    expect(refused).toThrow(`--where knows no comparison ${sign}: \`price ${sign} 8\``)
    expect(refused).toThrow(
      expect.objectContaining({ advice: expect.stringContaining('Allowed are =, !=, <, <=, >,') }),
    )
  }
  expect(parseCondition('note =">> 8"')).toEqual({ field: 'note', is: 'eq', value: '>> 8' })
  expect(() => parseCondition('status = "failed')).toThrow('not closed')
})

test('a table shows what fits', () => {
  const fields = [...Array(10).keys()].map((at) => ({ name: `f${at}`, type: 'text' }))
  const rows = [
    [...Array(9).fill('x'), null],
    ['two\nlines', 'y'.repeat(61), ...Array(8).fill('x')],
  ]
  const page = { fields: [...fields, { name: '_line', type: 'number' }], rows: rows.map((row) => [...row, 1]) }
  const { text, left } = recordsTable(page, false)
  expect(left).toBe(3)
  expect(text).toContain('two…')
  expect(text).toContain(`${'y'.repeat(60)}…`)
  expect(text).not.toContain('_line')
  expect(recordsTable(page, true).left).toBe(0)
})

test('nothing in a document or a name of a file ends an annotation or begins another', () => {
  const reason = 'expected a number, got `x\n::add-mask::y\r` 100%'
  const refusals = [{ line: 3, reason }, ...Array.from({ length: 20 }, (_, line) => ({ line, reason: 'again' }))]
  const report = { rowsRefused: 21, warnings: 1, refusals, remarks: [{ reason: 'odd' }], reason: null }
  const lines = annotations([{ file: '/w/a,b:c.csv', report }], '/w')
  expect(lines).toHaveLength(11)
  expect(lines[0]).toBe(
    '::error file=a%2Cb%3Ac.csv,line=3,title=Sluice::expected a number, got `x%0A::add-mask::y%0D` 100%25',
  )
  expect(lines.at(-1)).toBe('::warning file=a%2Cb%3Ac.csv,title=Sluice::odd')
})

test('progress is one line, written over at most five times a second', () => {
  let now = 0
  const said: string[] = []
  const clock = { monotonic: () => now }
  const progress = new UploadProgress({ files: 2, bytes: 3_145_728 }, { say: (text) => said.push(text), clock })
  for (; now < 1_000; now += 10) progress.sent(20_000)
  progress.fileDone()
  progress.sent(4_000_000)
  progress.end()
  const lines = said.join('').split('\r\u001b[K')
  expect(lines).toHaveLength(9)
  expect([lines[6], lines[7]]).toEqual(['1 of 2 files, 1.9 MiB of 3.0 MiB', '1 of 2 files, 3.0 MiB of 3.0 MiB'])
})
