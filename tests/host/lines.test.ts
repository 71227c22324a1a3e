import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { readLines } from '../../src/host/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

async function linesOf(content: string | Uint8Array, lineBytesMax = 100_000): Promise<string[]> {
  using folder = temporaryFolder()
  writeFileSync(folder.file('some.txt'), content)
  return await Array.fromAsync(readLines(folder.file('some.txt'), lineBytesMax))
}

describe('readLines()', () => {
  test('gives every line once, whatever the file ends with', async () => {
    expect(await linesOf('a\nb\n')).toEqual(['a', 'b'])
    expect(await linesOf('a\n\nb')).toEqual(['a', '', 'b'])
    expect(await linesOf('')).toEqual([])
  })

  test('joins lines and characters that span two reads', async () => {
    const long = 'é'.repeat(40_000)
    expect(await linesOf(`x${long}\n${long}`)).toEqual([`x${long}`, long])
  })

  test('takes a line at the bound and refuses one byte more, ended or not', async () => {
    expect(await linesOf(`${'x'.repeat(10)}\n`, 10)).toEqual(['x'.repeat(10)])
    expect(await refusalOf(() => linesOf(`${'x'.repeat(11)}\n`, 10))).toBe('host.line_too_long')
    expect(await refusalOf(() => linesOf('x'.repeat(11), 10))).toBe('host.line_too_long')
    expect(await refusalOf(() => linesOf('x'.repeat(200_000), 10))).toBe('host.line_too_long')
  })

  test('refuses what is no UTF-8 and a file that is not there', async () => {
    expect(await refusalOf(() => linesOf(Uint8Array.of(0xff, 0x0a)))).toBe('encoding.invalid')
    expect(await refusalOf(() => Array.fromAsync(readLines('/nowhere/at/all', 10)))).toBe('host.file_missing')
  })
})
