import { expect, test } from 'bun:test'
import { print, table } from '../../src/cli/output.ts'

test('table() aligns words to the left and numbers to the right, shows what is absent, and leaves no blanks at line ends', () => {
  const rows = [
    ['a', 1, undefined],
    ['longer', 1_000, null],
  ]
  expect(table(['NAME', 'COUNT', 'NOTE'], rows)).toBe('NAME    COUNT  NOTE\na           1  –\nlonger   1000  –')
})

test('table() without rows is its head', () => {
  expect(table(['NAME', 'ID'], [])).toBe('NAME  ID')
})

test('print() gives one line of JSON when asked for it, and the rendered text otherwise', () => {
  const said: string[] = []
  const terminal = { out: (text: string) => void said.push(text), err: () => undefined, interactive: false }
  print(terminal, true, { a: 'ä\n' }, () => 'not this')
  print(terminal, false, { a: 1 }, ({ a }) => `a is ${a}`)
  expect(said).toEqual(['{"a":"ä\\n"}\n', 'a is 1\n'])
})
