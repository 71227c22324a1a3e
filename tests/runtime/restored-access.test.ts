import { expect, setDefaultTimeout } from 'bun:test'
import { restoreBackup } from '../../src/backup/mod.ts'
import { systemClock, systemRandom } from '../../src/base/mod.ts'
import { createMasterKeyFile, loadMasterKey } from '../../src/keys/mod.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { type ManagementHost, managementHost, ORIGIN, PASSWORD } from '../support/runtime/management-host.ts'

// Copies of databases are made by processes of their own.
setDefaultTimeout(60_000)

const UUID = '0199c0de-0000-7000-8000-000000000000'
const DATASET = `ds_${UUID}`
const TENANT = `dt_${UUID}` as const
const HTML = { accept: 'text/html' }
const VISITOR = { address: '192.0.2.1' }

/** Every way in of an owner with a password and an authenticator, and of a newcomer. */
async function waysInto(host: ManagementHost) {
  const cookie = await host.sessionFor('owner')
  const { id } = await host.accounts.findUser('owner-1')
  const { secret } = await host.accounts.totp.begin(id, 'Sluice')
  const code = authenticator(secret, systemClock).code()
  const session = (await host.accounts.listSessions(id))[0]?.id ?? ''
  const [recoveryCode = ''] = await host.accounts.totp.confirm(id, { code, keepSession: session, ...VISITOR })
  const expires = systemClock.now() + 3_600_000
  const { token } = await host.accounts.createApiToken({ user: id, name: 'ci', expires })
  const newcomer = await host.accounts.createUser({ name: 'newcomer', role: 'operator' })
  const link = await host.accounts.oneTimeLink(newcomer.id, 'set-password')
  const metrics = (await host.ask('POST', '/v1/metrics-token', { token })).body.token as string
  const ofDataset = { dataTenant: TENANT, dataset: DATASET, name: 'ci', by: `user:${id}` }
  const { token: upload } = await host.state.uploadTokens.create(ofDataset)
  return { cookie, token, link, metrics, recoveryCode, upload }
}

async function opens(host: ManagementHost, ways: Awaited<ReturnType<typeof waysInto>>) {
  const { cookie, token, link, metrics, upload } = ways
  const status = async (path: string, by: Parameters<ManagementHost['ask']>[2]) =>
    (await host.ask('GET', path, by)).status
  return {
    session: await status('/v1/account', { cookie }),
    token: await status('/v1/account', { token }),
    metrics: await status('/metrics', { token: metrics }),
    link: await status(`/link/${link}`, { headers: HTML }),
    upload: await status(`/v1/datasets/${DATASET}/imports/imp_${UUID}`, { token: upload }),
  }
}

slowTest('a Runtime that was restored lets nobody in by what was revoked or used since, and says so once', async () => {
  using folder = temporaryFolder()
  const backup = { kind: 'passphrase', passphrase: PASSWORD } as const
  let bytes: Uint8Array<ArrayBuffer>
  let ways: Awaited<ReturnType<typeof waysInto>>
  {
    await using host = await managementHost()
    ways = await waysInto(host)
    expect(await opens(host, ways)).toEqual({ session: 200, token: 200, metrics: 200, link: 200, upload: 404 })
    const headers = { authorization: `Bearer ${ways.token}`, 'content-type': 'application/json' }
    const request = new Request(`${ORIGIN}/v1/backup`, { method: 'POST', headers, body: JSON.stringify(backup) })
    const answer = await host.app.fetch(request, { peer: { address: VISITOR.address, port: 1 } })
    bytes = new Uint8Array(await answer.arrayBuffer())
  }
  const masterKey = { kind: 'file', path: folder.file('master.key') } as const
  await createMasterKeyFile(masterKey.path)
  async function* source() {
    yield bytes
  }
  await restoreBackup({
    ...{ source: source(), opener: backup, folder: folder.file('data'), master: () => loadMasterKey(masterKey) },
    ...{ clock: systemClock, random: systemRandom },
  })
  const config = { data: folder.file('data'), masterKey }
  {
    await using host = await managementHost({ config })
    expect(await opens(host, ways)).toEqual({ session: 401, token: 401, metrics: 404, link: 401, upload: 401 })
    // What a person knows and has is left: the password, and the authenticator, whose recovery codes are not.
    const half = await host.accounts.signIn('owner-1', PASSWORD, VISITOR)
    if (!('secondStep' in half)) throw new RangeError('no code was asked for')
    const step = { secondStep: half.secondStep, code: ways.recoveryCode, visitor: VISITOR }
    await expect(host.accounts.signInByCode(step)).rejects.toMatchObject({ code: 'account.code_refused' })
    const actions = (await host.state.trail.search({ limit: 100 })).entries.map(({ action }) => action)
    expect(actions.filter((action) => action === 'access.ended')).toHaveLength(1)
    const { id: user } = await host.accounts.findUser('owner-1')
    const expires = systemClock.now() + 3_600_000
    ways.token = (await host.accounts.createApiToken({ user, name: 'new', expires })).token
  }
  await using again = await managementHost({ config })
  expect((await again.ask('GET', '/v1/account', { token: ways.token })).status).toBe(200)
})
