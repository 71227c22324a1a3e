import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

test('memory is left out of the core dumps of a process and of what it starts', () => {
  const entry = pathOf('../support/host/core-dumps-entry.ts')
  const { stdout } = spawnSync(process.execPath, [entry], { encoding: 'utf8', timeout: 30_000 })
  expect(stdout).toBe('true 00000000 00000000')
})

test('the program begins with it, before it has read any key', () => {
  const statements = readFileSync(pathOf('../../src/main.ts'), 'utf8')
    .split('\n')
    .filter((line) => !/^(\/\*\*|import|$)/.test(line))
  expect(statements[0]).toBe('leaveMemoryOutOfCoreDumps()')
})
