import { expect, test } from 'bun:test'
import { type AddressInfo, createServer } from 'node:net'
import { type Launch, portOr, Stage } from '../../../src/cli/demo/stage.ts'
import { EXIT_CODES } from '../../../src/cli/exit.ts'
import { temporaryFolder } from '../../support/folder.ts'

/** A server that says one line on standard error and ends. */
function dying(line: string): Launch {
  return () => [process.execPath, '-e', `process.stderr.write(${JSON.stringify(`${line}\n`)})`]
}

test('where a known port is in use, the demo takes another one and says which, and whose it is', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const lines: string[] = []
  const found = await portOr(port, 'factory-01', (line) => lines.push(line))
  expect(found).not.toBe(port)
  expect(lines).toEqual([`Port ${port} is in use by something else on this machine: factory-01 takes ${found} instead`])
  await new Promise((resolve) => server.close(resolve))
  expect(await portOr(port, 'factory-01', (line) => lines.push(line))).toBe(port)
  expect(lines).toHaveLength(1)
})

test('a port in use is told as that, with what to do about it and exit code 5; other ends as what the server said', async () => {
  using folder = temporaryFolder()
  const stage = new Stage(new AbortController().signal)
  const said = 'host.port_in_use: port 8443 of 127.0.0.1 is in use. Stop the other process.'
  await expect(stage.start('platform', folder.file('a'), [], dying(said))).rejects.toMatchObject({
    ...{ code: 'demo.port_taken', message: 'port 8443, which platform would take, is in use', kind: 'conflict' },
    advice: 'Start the demo again: it takes another port in place of one that is in use.',
  })
  expect(EXIT_CODES.conflict).toBe(5)
  await expect(stage.start('platform', folder.file('b'), [], dying('host.disk_full: x'))).rejects.toMatchObject({
    ...{ code: 'demo.child_failed', message: 'platform ended before it was ready: host.disk_full: x' },
  })
  await stage.close()
})
