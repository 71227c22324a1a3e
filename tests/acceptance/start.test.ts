import { expect } from 'bun:test'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { base64url, systemRandom } from '../../src/base/mod.ts'
import { sluiceProcess } from '../support/acceptance/command.ts'
import { TEST_MS, World } from '../support/acceptance/world.ts'
import { slowTest } from '../support/quick.ts'

async function takenPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Everything in a folder but what a start may add to, byte by byte. */
function contentOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(folder, name)).isFile() && !/-(wal|shm)$/.test(name))
  return new Map(files.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]))
}

slowTest(
  'a port in use ends both servers at once, with one line that says which and what to do',
  async () => {
    await using world = new World()
    await using taken = await takenPort()
    const at = ['--host', '127.0.0.1', '--json']
    const line = /^host\.port_in_use: port (\d+) of 127\.0\.0\.1 is in use\. .*--port.*\n$/
    const starts = [
      ['platform', ...at, '--data', world.path('p'), '--port', `${taken.port}`],
      ['runtime', ...at, '--data', world.path('r'), '--port', `${taken.port}`, '--bridge-port', '0'],
      ['runtime', ...at, '--data', world.path('b'), '--port', '0', '--bridge-port', `${taken.port}`],
    ]
    for (const words of starts) {
      const started = await sluiceProcess(words)
      expect(started).toMatchObject({ exit: 5, out: '' })
      expect(line.exec(started.err)?.[1]).toBe(`${taken.port}`)
    }
  },
  TEST_MS,
)

slowTest(
  'a wrong, missing or readable master key is refused; the data stays as it is and opens with the right one',
  async () => {
    await using world = new World()
    const runtime = await world.startRuntime('keyed')
    await runtime.client.request('PUT', '/v1/credentials/kept', { fields: { password: 'p' } })
    await runtime.stop()
    const before = contentOf(runtime.data)
    const start = ['runtime', '--name', 'keyed', '--data', runtime.data, '--host', '127.0.0.1', '--port', '0']
    const words = [...start, '--bridge-port', '0', '--files', runtime.files, '--json']
    const wrong = await sluiceProcess(words, { env: { SLUICE_MASTER_KEY: base64url(systemRandom(32)) } })
    expect(wrong).toMatchObject({ exit: 2, out: '' })
    expect(wrong.err).toMatch(/^master_key\.wrong: .+\n$/)
    const malformed = await sluiceProcess(words, { env: { SLUICE_MASTER_KEY: 'short' } })
    expect(malformed.err).toMatch(/^master_key\.malformed: .+\n$/)
    const missing = await sluiceProcess([...words, '--master-key-file', world.path('nowhere.key')])
    expect(missing).toMatchObject({ exit: 4, out: '' })
    expect(missing.err).toMatch(/^master_key\.missing: .+\n$/)
    const readable = world.write('readable.key', readFileSync(join(runtime.data, 'master.key'), 'utf8'))
    chmodSync(readable, 0o644)
    expect((await sluiceProcess([...words, '--master-key-file', readable])).err).toMatch(
      /^master_key\.permissions: .+\n$/,
    )
    expect(contentOf(runtime.data)).toEqual(before)
    await runtime.startAgain()
    expect(await runtime.client.get('/v1/credentials')).toMatchObject({ credentials: [{ name: 'kept' }] })
  },
  TEST_MS,
)

slowTest(
  'nothing that a server makes is for other users, however wide the umask that it was started with',
  async () => {
    await using world = new World()
    const before = process.umask(0)
    try {
      const platform = await world.startPlatform()
      const runtime = await world.startRuntime('factory-01')
      for (const folder of [platform.data, runtime.data]) {
        const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        const open = names.filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
        expect(open).toEqual([])
        expect(names.some((name) => name.endsWith('.db'))).toBe(true)
      }
    } finally {
      process.umask(before)
    }
  },
  TEST_MS,
)
