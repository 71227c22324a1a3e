import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { createMasterKeyFile } from '../../src/keys/mod.ts'
import { sluice } from '../support/cli/terminal.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { runningRuntime } from '../support/runtime/running.ts'

setDefaultTimeout(30_000)

let folder: TemporaryFolder
const opened: Server[] = []
beforeEach(() => {
  folder = memoryFolder()
})
afterEach(async () => {
  for (const server of opened.splice(0)) await new Promise((resolve) => server.close(resolve))
  folder[Symbol.dispose]()
})

type Check = { name: string; verdict: string; found: string; advice?: string }

async function diagnosed(
  changes: Record<string, string> = {},
): Promise<{ exit: number; err: string; checks: Map<string, Check> }> {
  const flags = { data: folder.file('data'), host: '127.0.0.1', port: '0', 'bridge-port': '0', ...changes }
  const words = Object.entries({ 'master-key-file': folder.file('master.key'), ...flags }).flatMap(([key, value]) => [
    `--${key}`,
    value,
  ])
  const { exit, out, err } = await sluice(['doctor', '--json', ...words])
  const checks: Check[] = JSON.parse(out)
  return { exit, err, checks: new Map(checks.map((check) => [check.name, check])) }
}

async function started() {
  return (await runningRuntime(folder.path)).runtime
}

function verdicts(checks: ReadonlyMap<string, Check>): Record<string, string> {
  return Object.fromEntries([...checks].map(([name, { verdict }]) => [name, verdict]))
}

const HERE = { disk: 'ok', clock: 'ok', 'management port': 'ok', 'bridge port': 'ok', 'temporary folder': 'ok' }

test('before the first start what can be looked at is well, and nothing was made', async () => {
  const { exit, checks } = await diagnosed()
  expect(verdicts(checks)).toEqual({
    ...HERE,
    keys: 'skipped',
    database: 'skipped',
    TLS: 'skipped',
    Platform: 'skipped',
    drift: 'skipped',
  })
  expect(exit).toBe(0)
  expect(await Bun.file(folder.file('master.key')).exists()).toBe(false)
})

test('where no Runtime is known it says how to name one, and finds the one that --at or SLUICE_AT names', async () => {
  const nowhere = await sluice(['doctor', '--port', '0', '--bridge-port', '0'], { HOME: folder.path })
  expect(nowhere.out).toStartWith(`! Runtime: no Runtime has its state in ${folder.path}/.local/state/sluice/runtime\n`)
  expect(nowhere.out).toMatch(/\n {4}Name its data folder with --data or --at \(or SLUICE_AT\), or begin one: .+\n/)
  const runtime = await started()
  const key = ['--master-key-file', folder.file('master.key')]
  const data = folder.file('data')
  for (const [flags, environment] of [
    [['--at', data], {}],
    [['--at', `${data}/access.json`], {}],
    [[], { SLUICE_AT: data }],
  ] as const) {
    const { out, exit } = await sluice(['doctor', ...key, ...flags], environment)
    expect(exit).toBe(0)
    expect(out).toContain('by the Runtime that runs')
    expect(out).not.toContain('no Runtime has its state')
  }
  // By its URL it is asked for what it knows of itself, and its machine is not looked at.
  const { url, ca, token } = JSON.parse(await Bun.file(`${data}/access.json`).text())
  writeFileSync(folder.file('ca.pem'), ca)
  const remote = await sluice(['doctor', '--at', url, '--ca', folder.file('ca.pem')], { SLUICE_TOKEN: token })
  expect(remote.out).toMatch(/^– its machine, keys and database: .+\n✓ TLS: /)
  await runtime.close()
})

test('a Platform’s folder is no Runtime’s: it says so in place of finding nothing in it', async () => {
  writeFileSync(folder.file('platform.db'), '')
  const { exit, err } = await sluice(['doctor', '--at', folder.path])
  expect([exit, err]).toEqual([2, expect.stringContaining('the doctor looks at Runtimes')])
})

test('beside a Runtime that runs it looks at keys, database, certificate and Platform, and disturbs none of them', async () => {
  const runtime = await started()
  const { exit, checks } = await diagnosed()
  // The tests' key lies beside what it protects.
  const { drift, ...others } = verdicts(checks)
  expect(others).toEqual({ ...HERE, keys: 'warn', database: 'ok', TLS: 'ok', Platform: 'skipped' })
  // Its first check may still be under way.
  expect(['ok', 'skipped']).toContain(drift ?? '')
  expect(checks.get('keys')?.advice).toContain('--master-key-command')
  expect(exit).toBe(0)
  await runtime.close()
})

test('a damaged database, another master key and a port in use are named with what to do, and it exits with a failure', async () => {
  const runtime = await started()
  await runtime.close()
  const path = folder.file('data/runtime.db')
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer())
  bytes.fill(0x5a, 8_192)
  writeFileSync(path, bytes)
  rmSync(`${path}-wal`, { force: true })
  await createMasterKeyFile(folder.file('other.key'))
  const taken = createServer()
  opened.push(taken)
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
  )
  const damaged = await diagnosed({ port: String(port) })
  expect(verdicts(damaged.checks)).toMatchObject({ database: 'bad', 'management port': 'bad', TLS: 'skipped' })
  expect(damaged.checks.get('management port')?.advice).toContain('Stop the other process')
  expect(damaged.exit).not.toBe(0)
  expect(damaged.err).toContain('doctor.faults_found')
  const wrong = await diagnosed({ 'master-key-file': folder.file('other.key') })
  expect(wrong.checks.get('keys')).toMatchObject({ verdict: 'bad', found: expect.stringContaining('master_key.wrong') })
})

test('a clock that is behind what was written before is found', async () => {
  const runtime = await started()
  await runtime.close()
  const ahead = Date.now() / 1_000 + 3_600
  utimesSync(folder.file('data/keyring.json'), ahead, ahead)
  const { checks } = await diagnosed()
  expect(checks.get('clock')).toMatchObject({ verdict: 'bad', advice: expect.stringContaining('NTP') })
})

test('for people each check is a line with its sign, and under it what to do', async () => {
  writeFileSync(folder.file('no-folder'), '')
  const { out, exit } = await sluice(['doctor', '--data', folder.file('data'), '--port', '0', '--bridge-port', '0'], {
    TMPDIR: folder.file('no-folder'),
  })
  expect(out).toContain('✓ disk: ')
  expect(out).toMatch(/✗ temporary folder: .* is no folder\n {4}Name a folder/)
  expect(out).toContain('– keys: there is no state')
  expect(exit).not.toBe(0)
})
