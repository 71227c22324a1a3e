/** Which format a document is taken for. */
import { expect, test } from 'bun:test'
import { csvHintsOf, detectFormat } from '../../../src/datasets/formats/reading.ts'

const HEADS = {
  junit: '<?xml version="1.0"?>\n<testsuites/>',
  ctrf: '{\n "results": {\n "tool": { "name": "jest" }, "summary": {}, "tests": [',
  ctrfNamed: '{"reportFormat":"CTRF","specVersion":"1.0.0","results":{}}',
  json: '[{"a":1},\n{"b":2}]',
  ndjson: '{"a":1}\n{"a":2}\n',
  csv: 'a;b\n1;2\n',
  jiraCsv: 'Summary,Issue key,Issue id,Status\nx,A-1,1,Done\n',
  jiraJson: '{"expand":"schema","total":1,"issues":[{"id":"1","key":"ABC-1","fields":{}}]}',
  jiraList: '[{"id":"1","key":"ABC-1","fields":{}}]',
}

function detected(head: string | Uint8Array, contentType?: string, fileName?: string): string | undefined {
  return detectFormat(contentType, typeof head === 'string' ? new TextEncoder().encode(head) : head, fileName)
}

test('by looking, when nothing or nothing of use is said', () => {
  const looks = Object.values(HEADS).map((head) => detected(head))
  expect(looks).toEqual(['junit', 'ctrf', 'ctrf', 'json', 'ndjson', 'csv', 'jira', 'jira', 'jira'])
  // What curl says by itself, and others.
  for (const type of ['application/x-www-form-urlencoded', 'application/octet-stream', 'text/plain; charset=utf-8', ''])
    expect(Object.values(HEADS).map((head) => detected(head, type))).toEqual(looks)
  for (const head of Object.values(HEADS)) {
    const spaced = ` \r\n${head}`
    expect(detected(spaced)).toBe(detected(head))
    expect(detected(`\ufeff${head}`)).toBe(detected(head))
    expect(detected(new Uint8Array(Buffer.from(`\ufeff${head}`, 'utf16le')))).toBe(detected(head))
  }
})

test('by content type, whatever the parameters and case', () => {
  for (const type of ['application/xml', 'text/xml; charset=utf-8', 'application/junit+xml'])
    expect(detected('', type)).toBe('junit')
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/vnd.api+json'])
    expect(detected('{"a":[]}', type)).toBe('json')
  for (const type of ['application/x-ndjson', 'application/jsonl']) expect(detected('{"a":1}', type)).toBe('ndjson')
  for (const type of ['text/csv; header=present', 'text/tab-separated-values', 'application/vnd.ms-excel'])
    expect(detected('lonely\nvalue\n', type)).toBe('csv')
})

test('a file name decides where looking does not', () => {
  expect(detected('{"a":1}', undefined, 'rows.jsonl')).toBe('ndjson')
  expect(detected('{"a":1}', undefined, 'rows.json')).toBe('json')
  expect(detected('lonely\nvalue\n', undefined, 'DATA.CSV')).toBe('csv')
  expect(detected('', undefined, 'report.xml')).toBe('junit')
  expect(detected(HEADS.junit, undefined, 'report.csv')).toBe('junit')
})

test('a type that lies: JSON lines called JSON are read, what is called CSV and is not is nothing, the rest is for its reader', () => {
  expect(detected(HEADS.ndjson, 'application/json')).toBe('ndjson')
  for (const head of [HEADS.junit, HEADS.json, HEADS.ndjson]) expect(detected(head, 'text/csv')).toBeUndefined()
  expect(detected(HEADS.csv, 'application/json')).toBe('json')
  expect(detected(HEADS.json, 'text/xml')).toBe('junit')
})

test('nothing is guessed of what tells nothing', () => {
  for (const head of [
    '',
    'lonely\nvalue\n',
    '\0\0\0\0binary, really\n',
    'Dear all,\nthis is a letter\nand no table.\n',
  ])
    expect(detected(head)).toBeUndefined()
  expect(detected(new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0]))).toBeUndefined()
})

test('a content type may say whether there is a header', () => {
  expect(csvHintsOf('text/csv; charset=utf-8; header=absent')).toEqual({ header: 'absent' })
  expect(csvHintsOf('text/csv;HEADER="Present"')).toEqual({ header: 'present' })
  for (const type of [undefined, 'text/csv', 'text/csv; header=maybe']) expect(csvHintsOf(type)).toEqual({})
})
