import { afterEach, beforeEach, expect, setDefaultTimeout } from 'bun:test'
import { writeFileSync } from 'node:fs'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import { sluice } from '../support/cli/terminal.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Api, runningRuntime } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

setDefaultTimeout(60_000)

let folder: TemporaryFolder
let runtime: RunningRuntime
let api: Api
let platform: ScriptedPlatform
const at = () => ['--at', folder.file('data')]

beforeEach(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
  ;({ runtime, api } = await runningRuntime(folder.path))
})
afterEach(async () => {
  await runtime.close()
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

function file(name: string, text: string): string {
  writeFileSync(folder.file(name), text)
  return folder.file(name)
}
const enrol = () => api.send('POST', '/v1/enrolment', { code: platform.code() })

slowTest(
  'policy show explains each rule; policy set says what it would end, and ends only what it is told to',
  async () => {
    await enrol()
    await platform.deploy(copyFlow())
    const shown = await sluice(['policy', 'show', ...at()])
    expect(shown.out).toContain('expressions: approve')
    expect(shown.out).toContain('like a script')
    const rules = file('rules.yaml', 'fileRoots: [other]\nworkersMax: 4\n')
    const refused = await sluice(['policy', 'set', rules, ...at()])
    expect(refused.exit).toBe(5)
    expect(refused.out).toContain(`${DEPLOYMENT}@1  orders is refused: orders: policy.root_forbidden in/*.csv`)
    const set = await sluice(['policy', 'set', rules, '--end', `${DEPLOYMENT}@1`, ...at()])
    expect(set).toMatchObject({ exit: 0, err: '' })
    expect((await api.get('/v1/policy')).body.policy).toMatchObject({ fileRoots: ['other'], workersMax: 4 })
    // The Platform learns which rule, and what of the assignment it is about.
    const told = await platform.deploy(copyFlow({ version: 2 }))
    expect(told.reasons).toContainEqual({ code: 'policy.root_forbidden', component: 'orders', item: 'in/*.csv' })
    expect((await platform.ping()).policy).toMatchObject({ 'file-roots': 'listed', 'workers-max': 4 })
    expect((await sluice(['policy', 'set', file('bad.yaml', '- x'), ...at()])).err).toStartWith('policy.file_invalid')
    expect((await sluice(['policy', 'set', file('odd.yaml', 'hots: any'), ...at()])).exit).toBe(2)
  },
)

slowTest(
  'policy test says what of a Blueprint would wait or be refused, by which rule, and fails where it would be refused',
  async () => {
    const blueprint = file(
      'orders.yaml',
      `blueprint: orders
systems:
  factory: { runtime: factory-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: ["in/*.csv"] } }
  kept: { type: json_lines_file, on: factory, from: orders, config: { path: out.jsonl } }
`,
    )
    const waits = await sluice(['policy', 'test', blueprint, ...at()])
    expect(waits).toMatchObject({ exit: 0, err: '' })
    expect(waits.out).toStartWith(`${blueprint} would wait for your approval here.\n`)
    expect(waits.out).toContain('factory would wait')
    expect(waits.out).toContain('write out.jsonl')
    const strict = file('strict.yaml', 'componentTypes: [csv_file]\n')
    const refused = await sluice(['policy', 'test', blueprint, '--policy', strict, ...at()])
    expect(refused.out).toStartWith(`${blueprint} would be refused here.\n`)
    expect(refused.out).toContain('policy.type_forbidden json_lines_file (rule componentTypes)')
    expect(refused.err).toStartWith('policy.test_refused')
  },
)

slowTest(
  'what the rules say of log lines and of memory holds for what runs: lines stay here, and the worker has its bound',
  async () => {
    await enrol()
    await sluice(['policy', 'set', file('quiet.yaml', 'logLines: nothing\nworkerMemoryMiB: 300\n'), ...at()])
    writeRows(folder, 10)
    await platform.deploy(copyFlow())
    await sluice(['deployment', 'approve', DEPLOYMENT, ...at()])
    const ended = await until('it has ended', async () => {
      const { body } = await api.get(`/v1/deployments/${DEPLOYMENT}`)
      return body.state === 'stopped' && body
    })
    expect(ended.worker.memoryBytesMax).toBe(300 * 1_048_576)
    expect((await api.get('/v1/logs')).body.entries.length).toBeGreaterThan(0)
    await until('its status was told', () => platform.status.some(({ entry }) => entry.state === 'stopped'))
    expect(platform.logs).toEqual([])
  },
)

slowTest(
  'deployment review shows what waits, approve shows it and lets it run, refuse keeps its words here',
  async () => {
    await enrol()
    await platform.deploy(copyFlow())
    const review = await sluice(['deployment', 'review', 'orders', ...at()])
    for (const words of ['Version 1 of orders waits', 'read in/*.csv', 'Signed by Example', '+   "type": "csv_file"'])
      expect(review.out).toContain(words)
    const words = ['--reason', 'not our table']
    const refused = await sluice(['deployment', 'refuse', 'orders', ...words, ...at()])
    expect(refused.out).toContain('Refused version 1 of orders; now refused.')
    await until('the Platform knows', () => platform.heartbeats.at(-1)?.deployments[0]?.state === 'refused')
    expect(platform.received.join('\n') + JSON.stringify(platform.heartbeats)).not.toContain('not our table')
    await platform.deploy(copyFlow({ version: 2 }))
    const approved = await sluice(['deployment', 'approve', DEPLOYMENT, ...at()])
    expect(approved.out).toContain('read in/*.csv')
    expect(approved.out).toContain('Approved version 2 of orders')
    expect((await sluice(['deployment', 'review', DEPLOYMENT, ...at()])).err).toStartWith('deployment.not_waiting')
  },
)

slowTest('drift check finds nothing on a Runtime as it was started, and the Platform is told hashes', async () => {
  await enrol()
  const checked = await sluice(['drift', 'check', ...at()])
  expect(checked).toMatchObject({ exit: 0, err: '' })
  expect(checked.out).toMatch(/settings\s+as set up/)
  const { drift } = await platform.ping()
  expect(drift).toMatchObject({ differs: [] })
  expect(Object.keys(drift?.hashes ?? {})).toContain('deployments')
  await runtime.close()
  ;({ runtime, api } = await runningRuntime(folder.path, { publicHost: 'localhost' }))
  const changed = await sluice(['drift', 'check', ...at()])
  expect(changed.err).toBe(
    'drift.found: not as it was set up: settings. Mend it, or say that it is meant to be so: sluice drift accept settings\n',
  )
  const examined = await sluice(['doctor', ...at()])
  expect(examined.out).toMatch(/✗ drift: not as it was set up at 20.*Z: settings\n {4}See what of each differs/)
  expect((await api.get('/v1/health')).body.checks).toContainEqual(
    expect.objectContaining({ name: 'drift', verdict: 'bad', found: expect.stringContaining('settings') }),
  )
  expect((await sluice(['drift', 'accept', 'settings', ...at()])).exit).toBe(0)
  expect((await sluice(['drift', 'show', ...at()])).exit).toBe(0)
  expect((await sluice(['drift', 'accept', 'nothing', ...at()])).err).toStartWith('cli.usage')
})
