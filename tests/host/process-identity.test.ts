import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import process from 'node:process'
import { processIdentity, processStart } from '../../src/host/mod.ts'

test('a process that runs keeps its start and its identity; two processes have different identities', async () => {
  const other = spawn('sleep', ['60'])
  try {
    expect(await processStart(process.pid)).toMatch(/^\d+$/)
    expect(await processStart(process.pid)).toBe(await processStart(process.pid))
    const [ours, others] = [await processIdentity(process.pid), await processIdentity(other.pid ?? -1)]
    expect(ours).toStartWith(`${process.pid} `)
    expect(others).toBeString()
    expect(others).not.toBe(ours)
  } finally {
    other.kill('SIGKILL')
  }
})

test('a process that has ended has neither', async () => {
  const ended = spawn('true')
  await new Promise((resolve) => ended.once('exit', resolve))
  expect(await processStart(ended.pid ?? -1)).toBeUndefined()
  expect(await processIdentity(ended.pid ?? -1)).toBeUndefined()
})
