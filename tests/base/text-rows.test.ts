import { expect, test } from 'bun:test'
import { csvLines, jsonLines } from '../../src/base/mod.ts'

test('CSV quotes what needs it and disarms what a spreadsheet would run; numbers stay numbers', () => {
  const harmful = ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx', '\rx', '＝1', ' =1+1', '\u3000=1']
  for (const text of harmful) expect(csvLines([[text]])).toMatch(/^"?'/)
  // Within a cell of ours another one begins where semicolons, tabs or lines separate.
  expect(csvLines([["x;=HYPERLINK('http://e')", '\n=1+1', 'a;b']])).toBe(`x;'=HYPERLINK('http://e'),"\n'=1+1",a;b\r\n`)
  const row = ['a,b', 'say "x"', 'two\nlines', -5, '-5.5', '+1e9', null, true, { a: [1] }, 'a=b']
  expect(csvLines([row])).toBe('"a,b","say ""x""","two\nlines",-5,-5.5,+1e9,,true,"{""a"":[1]}",a=b\r\n')
})

test('JSON lines leave out what a row lacks, whatever its columns are called', () => {
  const names = ['a', '__proto__', 'b']
  expect(
    jsonLines(names, [
      ['x', 1, null],
      [null, { c: [] }, 'two\nlines'],
    ]),
  ).toBe('{"a":"x","__proto__":1}\n{"__proto__":{"c":[]},"b":"two\\nlines"}\n')
})
