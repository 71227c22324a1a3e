import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { differing } from '../../../src/runtime/drift/drift.ts'
import { startSettings } from '../../../src/runtime/drift/settings.ts'
import { DEFAULT_POLICY } from '../../../src/runtime/policy/policy.ts'
import { slowTest } from '../../support/quick.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { DEPLOYMENT, offer, plainAssignment, registrationAt } from '../../support/runtime/offers.ts'
import { party, TENANT } from '../../support/wire/parties.ts'

let host: ManagementHost
let token: string
beforeEach(async () => {
  host = await managementHost()
  token = await host.tokenFor('owner')
  const tenant = await party(TENANT, 'tenant')
  await host.state.enrolment.begin({
    name: 'factory-01',
    code: 'c',
    platformUrl: 'https://platform.example',
    tenant: TENANT,
  })
  await host.state.enrolment.complete(registrationAt(tenant))
  await host.ask('PUT', '/v1/credentials/warehouse', { token, body: { fields: { a: 'b' } } })
  await host.station.deployments.apply(await offer(tenant, plainAssignment()), registrationAt(tenant))
  await host.station.deployments.approve(DEPLOYMENT, 1, 'user:owner')
})
afterEach(() => host[Symbol.asyncDispose]())

const check = async (): Promise<string[]> => differing(await host.station.drift.check())
const tables = () => host.state.db.tables
const actions = async (): Promise<string[]> => (await host.state.trail.list({ limit: 100 })).map(({ action }) => action)

slowTest('a Runtime as it was set up has not drifted; the first check puts its settings on record', async () => {
  expect(await check()).toEqual([])
  expect(await check()).toEqual([])
  expect((await actions()).filter((action) => action.startsWith('drift'))).toEqual(['drift.recorded'])
})

test('an assignment that something else put in place of the deployed one is found', async () => {
  await check()
  const other = await host.state.assignments.open(DEPLOYMENT, 1)
  await host.state.assignments.keep(
    { ...other, classification: { name: 'public' } },
    { place: 'current', state: 'running', reasons: [], digest: 'd', signature: 's' },
  )
  expect(await check()).toContain('deployments')
  await host.state.db.update(tables().runtimeAssignments).set({ sealed: new Uint8Array(40) })
  expect(await check()).toContain('deployments')
})

slowTest('an approval or a peer that something else wrote is found', async () => {
  await host.state.db
    .update(tables().runtimeApprovals)
    .set({ item: '/etc/*' })
    .where(eq(tables().runtimeApprovals.kind, 'read-path'))
  expect(await check()).toEqual(['approvals'])
})

slowTest(
  'rules that something else wrote, took away or put back are found, since the trail says what was set',
  async () => {
    const set = (hosts: string[]) =>
      host.ask('PUT', '/v1/policy', { token, body: { policy: { ...DEFAULT_POLICY, hosts } } })
    await set(['db.example', 'a.example'])
    const table = tables().runtimeOwnerDocuments
    const [old] = await host.state.db.select().from(table).where(eq(table.key, 'policy'))
    if (!old) throw new Error('the rules were stored')
    await set(['db.example'])
    expect(await check()).toEqual([])
    await host.state.db.update(table).set(old).where(eq(table.key, 'policy'))
    expect(await check()).toEqual(['policy'])
    await host.state.db.delete(table).where(eq(table.key, 'policy'))
    expect(await check()).toEqual(['policy'])
    await set(['db.example'])
    expect(await check()).toEqual([])
  },
)

slowTest(
  'other settings than those on record differ until the owner agrees to exactly what was looked at',
  async () => {
    const table = tables().runtimeOwnerDocuments
    await check()
    await host.state.documents.set('drift', { settings: '1'.repeat(64), identity: '2'.repeat(64) }, 'runtime')
    expect(await check()).toEqual(['settings', 'identity'])
    const { body } = await host.ask('GET', '/v1/drift', { token })
    const settings = body.items.find(({ name }: { name: string }) => name === 'settings')
    expect(settings).toMatchObject({ differs: true, recorded: '1'.repeat(64) })
    const accept = (found: object) => host.ask('POST', '/v1/drift/accept', { token, body: { found } })
    expect(await accept({ settings: '3'.repeat(64) })).toMatchObject({ status: 409, body: { code: 'drift.changed' } })
    expect((await accept({ settings: settings.hash })).status).toBe(200)
    expect(await check()).toEqual(['identity'])
    expect(await accept({ policy: '0'.repeat(64) })).toMatchObject({ status: 409, body: { code: 'drift.changed' } })
    await host.state.db.update(table).set({ document: '{}' }).where(eq(table.key, 'drift'))
    expect(await check()).toEqual(['record', 'settings', 'identity'])
  },
)

slowTest(
  'what is found goes into the trail once, and to the Platform as hashes and names, which changes the configuration’s hash',
  async () => {
    await check()
    const before = await host.station.inventory()
    expect(before.drift).toMatchObject({ differs: [] })
    await host.state.db
      .update(tables().runtimeApprovals)
      .set({ item: '/etc/*' })
      .where(eq(tables().runtimeApprovals.kind, 'read-path'))
    await check()
    await check()
    const after = await host.station.inventory()
    expect(after.drift?.differs).toEqual(['approvals'])
    expect(after.configurationHash).not.toBe(before.configurationHash)
    expect((await actions()).filter((action) => action === 'drift.found')).toHaveLength(1)
    expect(JSON.stringify(after.drift)).not.toContain('/etc')
  },
)

slowTest('the page shows what differs and takes the owner’s word; a viewer only reads', async () => {
  await check()
  await host.state.documents.set('drift', { settings: '1'.repeat(64), identity: '2'.repeat(64) }, 'runtime')
  await check()
  const headers = { accept: 'text/html' }
  const viewer = await host.ask('GET', '/settings/drift', { cookie: await host.sessionFor('viewer'), headers })
  expect(viewer.text).toContain('Not as it was set up: settings, identity.')
  expect(viewer.text).not.toContain('<form class="card form"')
  const cookie = await host.sessionFor('owner')
  const { text } = await host.ask('GET', '/settings/drift', { cookie, headers })
  const found = [...text.matchAll(/name="(found\.\w+)" value="([0-9a-f]{64})"/g)].map((match) => [match[1], match[2]])
  const accepted = await host.ask('POST', '/settings/drift/accept', { cookie, form: Object.fromEntries(found) })
  expect(accepted.status).toBe(303)
  expect(await check()).toEqual([])
})

slowTest('what a Runtime was started with is looked at without its secrets', () => {
  const shown = startSettings({
    ...{ data: '/d', masterKey: { kind: 'value', value: 'secret-key' }, name: 'factory-01', host: '::', port: 8_752 },
    ...{ bridgePort: 32_100, publicHost: 'factory.example', files: '/srv', worker: { env: { TOKEN: 'secret-token' } } },
  } as never)
  expect(JSON.stringify(shown)).not.toContain('secret')
  expect(shown).toMatchObject({ name: 'factory-01', masterKey: 'value', port: 8_752 })
})
