import { expect, test } from 'bun:test'
import { residentBytes } from '../../src/host/mod.ts'

test('residentBytes() tells what a process holds, and nothing of one that is gone', async () => {
  const held = await residentBytes(process.pid)
  expect(held).toBeWithin(process.memoryUsage.rss() / 2, process.memoryUsage.rss() * 2)
  const child = Bun.spawn(['true'])
  await child.exited
  expect(await residentBytes(child.pid)).toBeUndefined()
})
