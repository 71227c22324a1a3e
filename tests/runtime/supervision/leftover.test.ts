import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { systemClock } from '../../../src/base/mod.ts'
import { replaceLeftover } from '../../../src/runtime/supervision/leftover.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('a worker that an earlier Runtime left running is ended before the next one begins', async () => {
  using folder = temporaryFolder()
  const former = spawn('sleep', ['60'])
  const ended = new Promise<string | null>((resolve) => former.once('exit', (_code, signal) => resolve(signal)))
  await replaceLeftover(folder.path, former.pid ?? -1, systemClock)
  await replaceLeftover(folder.path, process.pid, systemClock)
  expect(await ended).toBe('SIGKILL')
  expect(JSON.parse(readFileSync(folder.file('worker.json'), 'utf8')).pid).toBe(process.pid)
})

test('another process that got the number of a former worker is left alone', async () => {
  using folder = temporaryFolder()
  const other = spawn('sleep', ['60'])
  writeFileSync(folder.file('worker.json'), JSON.stringify({ pid: other.pid, startedAt: '1' }))
  await replaceLeftover(folder.path, process.pid, systemClock)
  expect(other.exitCode).toBeNull()
  expect(other.signalCode).toBeNull()
  other.kill('SIGKILL')
})

test('a file that is no memory of a worker does no harm', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('worker.json'), 'half a fi')
  await replaceLeftover(folder.path, process.pid, systemClock)
  expect(JSON.parse(readFileSync(folder.file('worker.json'), 'utf8')).pid).toBe(process.pid)
})
