import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { chainOf } from '../../support/certificates/chain.ts'
import { keys, PASSPHRASE, pkcs12 } from '../../support/certificates/openssl.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let owner: string
beforeAll(async () => {
  host = await managementHost()
  owner = await host.tokenFor('owner')
})
afterAll(() => host[Symbol.asyncDispose]())
beforeEach(async () => {
  await host.ask('DELETE', '/v1/certificate', { token: owner })
})

const HTML = { accept: 'text/html' }
const P12 = Buffer.from(pkcs12.modern).toString('base64')

async function brought(dns: string[] = [], ip = ['127.0.0.1']) {
  const chain = await chainOf()
  const { pem, keyPem } = await chain.server({ dns, ip })
  return { certificate: pem + chain.authority, key: keyPem }
}

async function acts(): Promise<string[]> {
  const { entries } = await host.state.trail.search({ action: 'certificate.*', limit: 100 })
  return entries.flatMap(({ action }) => (action.endsWith('_tried') ? [] : action)).reverse()
}

describe('/v1/certificate', () => {
  test('tells a viewer what is shown, and lets the owner alone change it', async () => {
    const viewer = await host.tokenFor('viewer')
    const operator = await host.tokenFor('operator')
    const seen = await host.ask('GET', '/v1/certificate', { token: viewer })
    expect(seen).toMatchObject({ status: 200, body: { installed: null, acme: null, warnings: [] } })
    expect(seen.body.shown.fingerprint).toMatch(/^([0-9A-F]{2}:){31}/)
    const body = await brought()
    for (const token of [viewer, operator]) {
      expect((await host.ask('PUT', '/v1/certificate', { token, body })).status).toBe(403)
      expect((await host.ask('DELETE', '/v1/certificate', { token })).status).toBe(403)
      const acme = { directory: 'https://acme.example/', names: ['a.example'], port: 0 }
      expect((await host.ask('PUT', '/v1/certificate/acme', { token, body: acme })).status).toBe(403)
    }
    expect((await host.ask('GET', '/v1/certificate', {})).status).toBe(401)
  })

  test('takes PEM and PKCS#12; key and passphrase are in no answer, and each act is in the trail first', async () => {
    const before = (await acts()).length
    const mine = await brought()
    const set = await host.ask('PUT', '/v1/certificate', { token: owner, body: mine })
    expect(set).toMatchObject({
      status: 200,
      body: { installed: { source: 'owner', coversHost: true, names: ['127.0.0.1'] } },
    })
    const wrong = await host.ask('PUT', '/v1/certificate', {
      token: owner,
      body: { pkcs12: P12, passphrase: PASSPHRASE },
    })
    expect(wrong).toMatchObject({ status: 409, body: { code: 'certificate.name_mismatch' } })
    const body = { pkcs12: P12, passphrase: PASSPHRASE, insist: true }
    const insisted = await host.ask('PUT', '/v1/certificate', { token: owner, body })
    expect(insisted.body.installed).toMatchObject({ names: ['factory.example'], coversHost: false })
    const { text } = await host.ask('GET', '/v1/certificate', { token: owner })
    for (const secret of [mine.key.split('\n')[1] ?? '', 'PRIVATE', PASSPHRASE]) expect(text).not.toContain(secret)
    expect((await acts()).slice(before)).toEqual([...['certificate.set', 'certificate.set_failed', 'certificate.set']])
  })

  test('names each fault by its code', async () => {
    const [one, other] = [await brought(), await brought()]
    const refused = async (body: unknown) =>
      (await host.ask('PUT', '/v1/certificate', { token: owner, body })).body.code
    expect(await refused({ ...one, key: other.key })).toBe('certificate.key_mismatch')
    expect(await refused({ ...one, certificate: one.certificate.split('-----END CERTIFICATE-----')[0] })).toBe(
      'certificate.unreadable',
    )
    expect(await refused({ certificate: one.certificate, key: keys.enc })).toBe('certificate.passphrase_wrong')
    expect(await refused({ pkcs12: P12, passphrase: 'wrong' })).toBe('certificate.passphrase_wrong')
    expect(await refused({ pkcs12: Buffer.from(pkcs12.rc2).toString('base64'), passphrase: PASSPHRASE })).toBe(
      'certificate.pkcs12_old',
    )
    expect(await refused({ pkcs12: 'no base64!' })).toBe('request.invalid')
    expect(await refused({ ...one, other: 1 })).toBe('request.invalid')
    expect((await host.ask('DELETE', '/v1/certificate', { token: owner })).body.code).toBe('certificate.none')
  })
})

describe('the pages of certificates', () => {
  const path = '/settings/certificates'

  test('lead from the self-signed certificate to another and back, a wrong one explained, the key never shown again', async () => {
    const cookie = await host.sessionFor('owner')
    const get = (at: string) => host.ask('GET', `${path}${at}`, { cookie, headers: HTML })
    const post = (at: string, form: Record<string, string>) => host.ask('POST', `${path}${at}`, { cookie, form })
    const { text: first } = await get('')
    expect(first).toContain('In use, self-signed')
    const mine = await brought()
    const failed = await post('/install', { ...mine, key: (await brought()).key, passphrase: 'T0PSECRET' })
    expect(failed.status).toBe(400)
    expect(failed.text).toContain('does not belong to the certificate')
    expect(failed.text).toContain(mine.certificate.split('\n')[1] ?? '')
    for (const secret of ['PRIVATE KEY', 'T0PSECRET']) expect(failed.text).not.toContain(secret)
    expect((await post('/install', mine)).headers.get('location')).toBe(path)
    expect((await get('')).text).toContain('installed by its owner')
    expect((await post('/remove', { typed: 'something' })).status).toBe(422)
    expect((await post('/remove', { typed: 'self-signed' })).status).toBe(303)
    expect((await get('')).text).toContain('In use, self-signed')
  })

  test('take a PKCS#12 file from a form', async () => {
    const cookie = await host.sessionFor('owner')
    const form = new FormData()
    form.set('pkcs12', new File([pkcs12.modern], 'factory.p12'))
    form.set('passphrase', PASSPHRASE)
    form.set('insist', 'yes')
    const request = new Request(`${ORIGIN}${path}/install-pkcs12`, {
      ...{ method: 'POST', body: form, headers: { cookie, origin: ORIGIN, accept: 'text/html' } },
    })
    const answer = await host.app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
    expect(answer.status).toBe(303)
    const { text } = await host.ask('GET', path, { cookie, headers: HTML })
    expect(text).toContain('factory.example')
    expect(text).toContain('does not name this server’s public host')
  })

  test('show what a certificate says as text, whatever it says', async () => {
    const cookie = await host.sessionFor('owner')
    await host.ask('PUT', '/v1/certificate', { token: owner, body: await brought(['<img src=x>.example']) })
    const { text } = await host.ask('GET', path, { cookie, headers: HTML })
    expect(text).toContain('&lt;img src=x&gt;.example')
    expect(text).not.toContain('<img src=x>')
  })

  test('offer a viewer nothing to change, and refuse it', async () => {
    const cookie = await host.sessionFor('viewer')
    const { text } = await host.ask('GET', path, { cookie, headers: HTML })
    expect(text).not.toContain(`${path}/install`)
    for (const at of ['/install', '/install-pkcs12', '/acme', '/remove'])
      for (const method of ['GET', 'POST'])
        expect((await host.ask(method, `${path}${at}`, { cookie, form: {} })).status).toBe(403)
  })
})
