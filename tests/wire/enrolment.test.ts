import { describe, expect, test } from 'bun:test'
import { base64url, rfc3339 } from '../../src/base/mod.ts'
import {
  decodeEnrolmentCode,
  decodeIntroduction,
  ENROLMENT_BYTES_MAX,
  type EnrolmentAnswer,
  type EnrolmentCode,
  type EnrolmentRequest,
  encodeEnrolmentCode,
  encodeIntroduction,
  openEnrolmentAnswer,
  openEnrolmentRequest,
  type PeerIntroduction,
  sealEnrolmentAnswer,
  sealEnrolmentRequest,
} from '../../src/wire/mod.ts'
import { party, RUNTIME, STRANGER, T0, TENANT } from '../support/wire/parties.ts'
import { inventory, PEM } from '../support/wire/samples.ts'

async function enrolment() {
  const [tenant, runtime, stranger] = await Promise.all([
    party(TENANT, 'tenant'),
    party(RUNTIME, 'runtime'),
    party(STRANGER, 'stranger'),
  ])
  const code: EnrolmentCode = {
    v: 1,
    platform: 'https://platform.example',
    tenant: TENANT,
    signingKid: tenant.signing.kid,
    agreementKey: base64url(tenant.agreement.publicKey),
    authority: PEM,
    secret: base64url(new Uint8Array(32).fill(9)),
    expires: rfc3339(T0),
  }
  const { challenge: _, ...manifest } = inventory
  const request: EnrolmentRequest = {
    secret: code.secret,
    name: 'factory-01',
    signingKey: base64url(runtime.signing.publicKey),
    agreementKey: base64url(runtime.agreement.publicKey),
    managementUrl: 'https://factory.example:8752',
    bridgePort: 32_100,
    authority: PEM,
    version: '0.1.0',
    inventory: manifest,
  }
  const answer: EnrolmentAnswer = {
    runtime: RUNTIME,
    tenant: TENANT,
    tenantName: 'Example',
    signingKey: base64url(tenant.signing.publicKey),
    agreementKey: code.agreementKey,
    heartbeatIntervalMs: 10_000,
  }
  const sealed = await sealEnrolmentRequest(request, { code, key: runtime.signing })
  const opened = await openEnrolmentRequest(sealed, { tenant: TENANT, agreement: tenant.agreement })
  const answering = {
    key: tenant.signing,
    agreement: tenant.agreement,
    recipient: runtime.agreement.publicKey,
    digest: opened.digest,
  }
  return { tenant, runtime, stranger, code, request, answer, sealed, opened, answering }
}

describe('the code', () => {
  test('comes back from its text, also when a terminal has wrapped it', async () => {
    const { code } = await enrolment()
    const text = encodeEnrolmentCode(code)
    expect(text).toStartWith('slx_')
    expect(decodeEnrolmentCode(` ${text.slice(0, 80)}\n  ${text.slice(80)}\n`)).toEqual(code)
  })

  test.each(['', 'slx_', 'slx_e30', 'slp_e30', `slx_${'A'.repeat(20_000)}`, 'hello'])(
    '%p is refused as malformed',
    (text) => {
      expect(() => decodeEnrolmentCode(text)).toThrow(expect.objectContaining({ code: 'enrolment_code.malformed' }))
    },
  )

  test('one that lost its end is refused as malformed', async () => {
    const text = encodeEnrolmentCode((await enrolment()).code)
    expect(() => decodeEnrolmentCode(text.slice(0, -3))).toThrow(
      expect.objectContaining({ code: 'enrolment_code.malformed' }),
    )
  })
})

describe('the sealed request', () => {
  test('opens for the tenant that the code pins and shows nothing to anyone between', async () => {
    const { sealed, opened, request } = await enrolment()
    expect(opened.request).toEqual(request)
    expect(sealed).not.toContain(request.secret)
    expect(sealed).not.toContain('factory')
  })

  test('is refused by another tenant, when changed, too long, or no request at all', async () => {
    const { sealed, tenant, stranger } = await enrolment()
    const refused = (body: string, agreement = tenant.agreement, id: string = TENANT) =>
      expect(openEnrolmentRequest(body, { tenant: id, agreement })).rejects.toHaveProperty('code', 'enrolment.refused')
    await refused(sealed, stranger.agreement)
    await refused(sealed, tenant.agreement, 'ten_01890000-0000-7000-8000-0000000000aa')
    await refused(sealed.replace(/.{4}"}$/, 'AAAA"}'))
    await refused(sealed + ' '.repeat(ENROLMENT_BYTES_MAX))
    for (const odd of ['', '{}', 'null', '{"enc":"","sealed":""}']) await refused(odd)
  })

  test('is refused when another key signed it than the one it brings', async () => {
    const { request, code, stranger, tenant } = await enrolment()
    const sealed = await sealEnrolmentRequest(request, { code, key: stranger.signing })
    await expect(openEnrolmentRequest(sealed, { tenant: TENANT, agreement: tenant.agreement })).rejects.toHaveProperty(
      'code',
      'enrolment.refused',
    )
  })
})

describe('the sealed answer', () => {
  test('opens for the Runtime that asked', async () => {
    const { answer, answering, code, runtime, sealed } = await enrolment()
    const body = await sealEnrolmentAnswer(answer, answering)
    expect(await openEnrolmentAnswer(body, { code, agreement: runtime.agreement, request: sealed })).toEqual(answer)
  })

  test('is refused when it answers another request, comes from another tenant or key, or names other keys', async () => {
    const { answer, answering, code, runtime, sealed, stranger } = await enrolment()
    const refused = async (made: Promise<string>, request = sealed, agreement = runtime.agreement) =>
      expect(openEnrolmentAnswer(await made, { code, agreement, request })).rejects.toHaveProperty(
        'code',
        'enrolment.refused',
      )
    await refused(sealEnrolmentAnswer(answer, answering), `${sealed} `)
    await refused(sealEnrolmentAnswer(answer, answering), sealed, stranger.agreement)
    await refused(sealEnrolmentAnswer(answer, { ...answering, key: stranger.signing }))
    await refused(sealEnrolmentAnswer(answer, { ...answering, agreement: stranger.agreement }))
    await refused(sealEnrolmentAnswer({ ...answer, agreementKey: base64url(stranger.agreement.publicKey) }, answering))
    await refused(sealEnrolmentAnswer({ ...answer, signingKey: base64url(stranger.signing.publicKey) }, answering))
    await refused(sealEnrolmentAnswer({ ...answer, tenant: 'ten_01890000-0000-7000-8000-0000000000aa' }, answering))
    await refused(Promise.resolve('<html>'))
  })
})

describe('a peer’s introduction', () => {
  async function introduced() {
    const { runtime, stranger } = await enrolment()
    const introduction: PeerIntroduction = {
      v: 1,
      runtime: RUNTIME,
      name: 'factory-01',
      signingKey: base64url(runtime.signing.publicKey),
      agreementKey: base64url(runtime.agreement.publicKey),
      authority: PEM,
      bridgeHost: 'factory.example',
      bridgePort: 32_100,
    }
    return { introduction, runtime, stranger, text: await encodeIntroduction(runtime.signing, introduction) }
  }

  test('comes back from its text', async () => {
    const { introduction, text } = await introduced()
    expect(text).toStartWith('slp_')
    expect(await decodeIntroduction(`${text.slice(0, 50)}\n${text.slice(50)}`)).toEqual(introduction)
  })

  test('is refused when changed, signed by another key than it names, or no introduction', async () => {
    const { introduction, stranger, text } = await introduced()
    const other = await encodeIntroduction(stranger.signing, introduction)
    const [header, payload, signature] = text.split('.')
    const swapped = `${header}.${base64url(new TextEncoder().encode(JSON.stringify({ ...introduction, bridgePort: 1 })))}.${signature}`
    for (const odd of [
      other,
      swapped,
      `${header}.${payload}`,
      text.slice(0, -4),
      'slp_',
      '',
      'slp_a.b.c',
      text.replace('slp_', 'slx_'),
    ])
      await expect(decodeIntroduction(odd)).rejects.toHaveProperty('code', 'introduction.refused')
  })
})
