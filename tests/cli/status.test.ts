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
  expect(await shown()).toMatch(/orders +1 +ended *\n/)
  answer = { ...status, deployments: [{ ...deployment, reasons: [{ code: 'owner.stopped' }] }] }
  expect(await shown()).toMatch(/orders +1 +stopped by owner *\n/)
})

test('no line of what needs a person steers the terminal', async () => {
  const text = Object.values(STEERING).join('x')
  answer = { ...status, attention: [{ state: text, what: text, effect: text }] }
  expect(await shown()).not.toMatch(/(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})
