import { expect, test } from 'bun:test'
import { printable, printableLines } from '../../src/base/mod.ts'
import { STEERING } from '../support/steering.ts'

test('printable() shows each class of characters that steer, hide or turn around by its code point', () => {
  for (const [name, character] of Object.entries(STEERING)) {
    const shown = `\\u{${character.codePointAt(0)?.toString(16)}}`
    expect([name, printable(`a${character}b`)]).toEqual([name, `a${shown}b`])
  }
  expect(printable('\u001b[2K\r')).toBe('\\u{1b}[2K\\u{d}')
})

test('printable() leaves every other text as it is: letters of all scripts, combining marks, emoji, blanks', () => {
  for (const text of ['in/orders 2026.csv', 'Größe – “x”', 'नमस्ते', 'שלום', 'e\u0301', '🚀', 'a\u00a0b', ''])
    expect(printable(text)).toBe(text)
})

test('printableLines() leaves line feeds and tabs of a laid out text, and nothing else', () => {
  expect(printableLines('a\tb\nc\r\n\u001b')).toBe('a\tb\nc\\u{d}\n\\u{1b}')
})
