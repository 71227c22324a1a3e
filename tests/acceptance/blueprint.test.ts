import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyBlueprint, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'

let world: World

beforeAll(async () => {
  world = new World()
  await world.startPlatform()
}, TEST_MS)
afterAll(() => world[Symbol.asyncDispose](), TEST_MS)

const sound = copyBlueprint({ name: 'typed', runtime: 'factory-01', paths: 'in/*.csv' })

test(
  'blueprint lint and deploy show a typo with line, column and suggestion, exit with 2, and store nothing',
  async () => {
    const file = world.write('typo.yaml', sound.replace('csv_file', 'csv_fil'))
    const place = `${file}:5:17 error `
    const linted = await sluice(['blueprint', 'lint', file])
    expect(linted.exit).toBe(2)
    expect(linted.out).toStartWith(place)
    expect(linted.out).toContain('did you mean `csv_file`?')
    expect(linted.err).toMatch(/^blueprint\.unsound: .+\n$/)
    const deployed = await sluice(['blueprint', 'deploy', file, '--at', world.platform.data])
    expect(deployed).toMatchObject({ exit: 2, out: '' })
    const [finding = '', failure = '', ...rest] = deployed.err.split('\n')
    expect(finding).toStartWith(place)
    expect(failure).toMatch(/^blueprint\.unsound: /)
    expect(rest).toEqual([''])
    expect(await world.platform.client.get('/v1/blueprints')).toEqual({ blueprints: [] })
  },
  TEST_MS,
)

test('blueprint lint names a misspelt setting and a component that is not there, each with its place', async () => {
  const text = sound.replace('paths:', 'pahts:').replace('from: tidy', 'from: tidi')
  const linted = await sluice(['blueprint', 'lint', world.write('more.yaml', text), '--json'])
  expect(linted.exit).toBe(2)
  const { ok, findings } = JSON.parse(linted.out) as { ok: boolean; findings: { line: number; message: string }[] }
  expect(ok).toBe(false)
  expect(findings.map(({ line }) => line)).toContain(5)
  expect(findings.find(({ line }) => line === 7)?.message).toContain('`tidi`')
  expect(JSON.stringify(findings)).toContain('paths')
})

test(
  'blueprint deploy says which Runtime of a sound blueprint the Platform does not know',
  async () => {
    const deployed = await sluice([
      'blueprint',
      'deploy',
      world.write('sound.yaml', sound),
      '--at',
      world.platform.data,
    ])
    expect(deployed.out).toBe('')
    expect(deployed.exit).not.toBe(0)
    expect(deployed.err).toMatch(/^[a-z_]+\.[a-z_]+: .*factory-01.*\n$/)
  },
  TEST_MS,
)

test('blueprint lint of a file that is not there is one line with exit code 4', async () => {
  const linted = await sluice(['blueprint', 'lint', world.path('none.yaml')])
  expect(linted).toMatchObject({ exit: 4, out: '' })
  expect(linted.err).toMatch(/^host\.file_missing: .+\n$/)
})
