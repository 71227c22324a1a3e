import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { exitOf, freePort, withScratch } from '../../../scripts/bench/scratch.ts'

const never = new AbortController().signal

test('withScratch() ends what it started and removes its folder, when the bench fails too', async () => {
  const left: { folder: string; pid: number }[] = []
  const failing = withScratch(tmpdir(), never, async ({ folder, start }) => {
    left.push({ folder, pid: start(['sleep', '600']).pid ?? 0 })
    throw new Error('the bench failed')
  })
  await expect(failing).rejects.toThrow('the bench failed')
  for (const { folder, pid } of left) {
    expect(existsSync(folder)).toBe(false)
    expect(() => process.kill(pid, 0)).toThrow()
  }
  expect(left).toHaveLength(1)
})

test('run() refuses a program that fails, and stops waiting when the bench is given up', async () => {
  const given = new AbortController()
  await withScratch(tmpdir(), given.signal, async ({ run, start }) => {
    await run(['true'])
    await expect(run(['false'])).rejects.toThrow('false ended with 1')
    const waiting = exitOf(start(['sleep', '600']), given.signal)
    given.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow()
  })
})

test('freePort() gives a port that can be listened on', async () => {
  const port = await freePort()
  const server = Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } })
  expect(server.port).toBe(port)
  server.stop(true)
})
