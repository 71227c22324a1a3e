import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { findFiles, isGlob } from '../../src/pipeline/globs.ts'
import { temporaryFolder } from '../support/folder.ts'

async function found(names: string[], pattern: string, filesMax = 100): Promise<string[]> {
  using folder = temporaryFolder()
  for (const name of names) {
    mkdirSync(folder.file(name.split('/').slice(0, -1).join('/')), { recursive: true })
    writeFileSync(folder.file(name), '')
  }
  return (await findFiles(folder.file(pattern), filesMax)).map((path) => path.slice(folder.path.length + 1))
}

test('isGlob() knows a glob from a path', () => {
  expect(['*.csv', 'a?.csv', '**/x'].every(isGlob)).toBe(true)
  expect(['a.csv', '/a/[b]/{c}.csv', ''].some(isGlob)).toBe(false)
})

test('findFiles() matches wildcards within a name only, and `**` over folders', async () => {
  const names = ['a.csv', 'ab.csv', 'b.txt', 'x/a.csv', 'x/y/a.csv', '.git/a.csv']
  expect(await found(names, '*.csv')).toEqual(['a.csv', 'ab.csv'])
  expect(await found(names, '?.csv')).toEqual(['a.csv'])
  expect(await found(names, '*/a.csv')).toEqual(['x/a.csv'])
  expect(await found(names, '**/a.csv')).toEqual(['a.csv', 'x/a.csv', 'x/y/a.csv'])
  expect(await found(names, 'x/**/*')).toEqual(['x/a.csv', 'x/y/a.csv'])
  expect(await found(names, '*')).toEqual(['a.csv', 'ab.csv', 'b.txt'])
  expect(await found(names, 'x')).toEqual([])
})

test('findFiles() finds as many as the bound and one more, and then looks no further', async () => {
  const names = ['a', 'b', 'c', 'd', 'x/e', 'x/f'].map((name) => `${name}.csv`)
  for (const pattern of ['*.csv', '**/*.csv']) {
    expect(await found(names, pattern, 4)).toHaveLength(pattern === '*.csv' ? 4 : 5)
    expect(await found(names, pattern, 2)).toHaveLength(3)
  }
})

test('findFiles() takes every other character for itself', async () => {
  expect(await found(['a+(1)[2].csv', 'a11.csv'], 'a+(1)[2].*')).toEqual(['a+(1)[2].csv'])
})

test('findFiles() needs no more than a moment for a pattern that makes other matchers backtrack', async () => {
  const name = 'a'.repeat(200)
  const startedAt = performance.now()
  expect(await found([name], `${'*a'.repeat(60)}b`)).toEqual([])
  expect(await found([name], `${'*a'.repeat(60)}`)).toEqual([name])
  // Exponential matching of 60 stars would not end within the age of the universe; a second is for slow machines.
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})
