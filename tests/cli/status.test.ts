import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { type HttpsServer, serveHttps } from '../../src/host/mod.ts'
import { testAuthority } from '../support/certificates.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { STEERING } from '../support/steering.ts'

let answer: object = {}
let server: HttpsServer
const folder = temporaryFolder()

beforeAll(async () => {
  const authority = await testAuthority('test')
  const tls = await authority.issue({ ip: ['127.0.0.1'] })
  server = await serveHttps({ fetch: () => Response.json(answer), hostname: '127.0.0.1', port: 0, tls })
  const access = { url: `https://127.0.0.1:${server.port}`, ca: authority.certificatePem, token: 't' }
  writeFileSync(folder.file('access.json'), JSON.stringify(access), { mode: 0o600 })
})
afterAll(async () => {
  await server.close()
  folder[Symbol.dispose]()
})

const deployment = {
  ...{ deployment: 'dep_1', blueprint: 'orders', version: 1, state: 'stopped', reasons: [{ code: 'flow.ended' }] },
  ...{ components: [], bridges: [] },
}
const status = {
  ...{ name: 'factory-01', version: '0.1.0', managementUrl: 'https://factory:8752', platform: { state: 'none' } },
  deployments: [deployment],
}
const shown = async (): Promise<string> => (await sluice(['status', '--at', folder.path])).out

test('status says what needs a person before everything that runs, and in one line that nothing does', async () => {
  answer = { ...status, attention: [] }
  expect(await shown()).toContain('All is well: nothing needs you.\n')
  const lines = [
    { state: 'failed', what: 'invoices does not run', effect: 'Nothing is lost.' },
    { state: 'awaiting-approval', what: 'parcels version 2 waits', effect: 'What runs goes on.' },
  ]
  answer = { ...status, attention: lines }
  const out = await shown()
  expect(out).toContain(
    'Needs you:\n  failed: invoices does not run. Nothing is lost.\n  awaiting approval: parcels version 2 waits. What runs goes on.\n',
  )
  expect(out.indexOf('Needs you')).toBeLessThan(out.indexOf('DEPLOYMENT'))
})

test('a deployment whose sources came to their end is told as ended, one that its owner stopped as that', async () => {
  answer = { ...status, attention: [] }
  expect(await shown()).toMatch(/orders +1 +finished *\n/)
  const finished = { at: '2026-01-31T12:00:00Z', records: 20, sinks: 1, refused: 2 }
  answer = { ...status, deployments: [{ ...deployment, finished }] }
  expect(await shown()).toMatch(/orders +1 +finished, 20 records, 2 refused *\n/)
  answer = { ...status, deployments: [{ ...deployment, reasons: [{ code: 'owner.stopped' }] }] }
  expect(await shown()).toMatch(/orders +1 +stopped by owner *\n/)
})

test('a Platform says of what came to its end what its pages say, as a whole and on each Runtime', async () => {
  const moved = { at: '2026-01-31T12:00:00Z', records: 90_853, sinks: 2, refused: 3 }
  const part = { runtime: 'rt_1', name: 'cloud-01', state: 'stopped', reasons: [{ code: 'flow.ended' }] }
  const central = { deployment: 'dep_1', blueprint: 'places', version: 1, state: 'stopped', finished: moved }
  answer = { version: '0.1.0', runtimes: [], deployments: [{ ...central, runtimes: [{ ...part, finished: moved }] }] }
  const words = 'finished, 90.9 k delivered to 2 sinks, 3 refused'
  for (const verb of [['status'], ['deployment', 'list']])
    expect((await sluice([...verb, '--at', folder.path])).out).toContain(`${words}  cloud-01: ${words}\n`)
})

test('a component that read everything is told as finished, as on its page', async () => {
  const part = { name: 'rows', type: 'csv_file', state: 'stopped', messagesIn: 0, messagesOut: 3, bytesIn: 0 }
  const components = [{ ...part, bytesOut: 9, errors: 0, refused: 0, executionMs: 1 }]
  answer = { ...status, deployments: [{ ...deployment, components }] }
  expect(await shown()).toMatch(/rows +csv_file +finished +0 +3/)
})

test('a deployment that failed is told with the component, the place, the words of the Runtime and what to do', async () => {
  const reason = { code: 'csv_file.file_missing', component: 'rows', item: 'in/*.csv' }
  const words = { message: 'no file at /srv/in/*.csv', advice: 'Check `paths` of the component.' }
  answer = { ...status, deployments: [{ ...deployment, state: 'failed', reasons: [{ ...reason, ...words }] }] }
  const out = await shown()
  expect(out).toMatch(/orders +1 +failed +rows: csv_file\.file_missing in\/\*\.csv *\n/)
  expect(out).toContain('\norders: no file at /srv/in/*.csv.\nCheck `paths` of the component.')
  // What is no failure of its own has no words beyond its code, and its cure all the same.
  const missing = { code: 'credential.missing', item: 'warehouse', advice: 'Set it with `sluice credential set`.' }
  answer = { ...status, deployments: [{ ...deployment, state: 'refused', reasons: [missing] }] }
  expect(await shown()).toContain('\norders: credential.missing warehouse.\nSet it with `sluice credential set`.')
})

test('no line of what needs a person steers the terminal', async () => {
  const text = Object.values(STEERING).join('x')
  answer = { ...status, attention: [{ state: text, what: text, effect: text }] }
  expect(await shown()).not.toMatch(/(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})

test('a Platform’s deployments call the Runtimes that reasons are about by their names, and states by their words', async () => {
  const [factory, cloud] = ['rt_01890000-0000-7000-8000-000000000001', 'rt_01890000-0000-7000-8000-000000000002']
  const waits = (runtime: string, name: string, code: string, item: string) => ({
    ...{ runtime, name, state: 'awaiting-approval', reasons: [{ code, item }] },
  })
  const runtimes = [
    waits(factory, 'factory-01', 'approval.send_peer', cloud),
    waits(cloud, 'cloud-01', 'approval.receive_peer', factory),
  ]
  const central = { deployment: 'dep_1', blueprint: 'orders', version: 1, state: 'awaiting-approval', runtimes }
  answer = { deployments: [central] }
  const { out } = await sluice(['deployment', 'list', '--at', folder.path])
  expect(out).toContain('awaiting approval  factory-01: awaiting approval (approval.send_peer cloud-01)')
  expect(out).toContain('cloud-01: awaiting approval (approval.receive_peer factory-01)')
  expect(out).not.toContain('rt_')
})

test('network allow warns of the Platform and of peers that could not connect any more, with what lets them in', async () => {
  const list = { everyone: false, entries: [{ network: '10.0.0.0/8', addedAt: '2026-01-31T12:00:00.000Z' }] }
  const leftOut = [
    { list: 'management', who: 'https://platform.example', addresses: ['203.0.113.5', '2001:db8::5'] },
    { list: 'bridges', who: 'cloud-01', addresses: ['198.51.100.7'] },
  ]
  answer = { ports: { management: 8752, bridges: 32_100 }, management: list, bridges: list, leftOut, you: '10.0.0.7' }
  const { out } = await sluice(['network', 'allow', '10.0.0.0/8', '--at', folder.path])
  expect(out).toContain(
    'Warning: The Platform https://platform.example cannot reach this Runtime from 203.0.113.5, 2001:db8::5. List it too: sluice network allow 203.0.113.5\n',
  )
  expect(out).toContain(
    'The peer cloud-01 cannot bring bridges from 198.51.100.7. List it too: sluice network allow 198.51.100.7 --of bridges\n',
  )
})
