import { expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import { systemClock } from '../../src/base/mod.ts'
import { acmeOrders } from '../../src/certificates/mod.ts'
import { listenForProofs } from '../../src/certificates/proof-listener.ts'
import { isPair } from '../../src/crypto/mod.ts'
import { serveHttps } from '../../src/host/mod.ts'
import { accountKey } from '../support/certificates/keys.ts'
import { hasPebble, pebble } from '../support/certificates/pebble.ts'
import { testAuthority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folder.ts'
import { isQuick } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

const order = acmeOrders({
  hostname: '127.0.0.1',
  clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) },
})
const never = new AbortController().signal

test.skipIf(!hasPebble)(
  'an order at a real ACME server ends with a chain for the names asked, and its key',
  async () => {
    using folder = temporaryFolder()
    await using authority = await pebble(folder)
    const { directory, ca, proofPort: port } = authority
    const names = ['factory.example.test', 'runtime.example.test']
    const key = accountKey()
    const { certificatePem, privateKeyPem } = await order({ directory, ca, names, port }, key, never)
    const leaf = new X509Certificate(certificatePem)
    for (const name of names) expect(leaf.checkHost(name)).toBe(name)
    expect(isPair(certificatePem, privateKeyPem)).toBe(true)
    expect(certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    // The same account once more, as a renewal.
    const again = await order({ directory, ca, names, port }, key, never)
    expect(again.certificatePem).not.toBe(certificatePem)
  },
  60_000,
)

test.skipIf(!hasPebble || isQuick)(
  'an order whose proof nobody can see is refused with the words of the authority',
  async () => {
    using folder = temporaryFolder()
    await using authority = await pebble(folder)
    const { directory, ca } = authority
    const failing = order({ directory, ca, names: ['factory.example.test'], port: 0 }, accountKey(), never)
    const error: Error = await failing.then(
      () => new Error('none'),
      (cause) => cause,
    )
    expect(error).toMatchObject({ code: 'acme.refused' })
    expect(error.message).toContain('factory.example.test')
  },
  60_000,
)

test('a directory that nobody vouches for, that answers too much, or that leads to plain HTTP is not followed', async () => {
  const trusted = await testAuthority('trusted')
  const material = await trusted.issue({ ip: ['127.0.0.1'] })
  let body = 'x'.repeat(1_048_577)
  await using server = await serveHttps({
    fetch: () => new Response(body),
    hostname: '127.0.0.1',
    port: 0,
    tls: material,
  })
  const settings = { directory: `https://127.0.0.1:${server.port}/`, names: ['a.example.test'], port: 0 }
  const ask = (ca: string) => refusalOf(() => order({ ...settings, ca }, accountKey(), never))
  expect(await ask((await testAuthority('stranger')).certificatePem)).toBe('acme.unreachable')
  expect(await ask(trusted.certificatePem)).toBe('acme.unreachable')
  body = JSON.stringify({ newNonce: 'http://127.0.0.1:1/', newAccount: 'http://127.0.0.1:1/' })
  expect(await ask(trusted.certificatePem)).toBe('acme.refused')
})

test('the proof is answered under its own path by GET only; all else is 404, and it ends with the order', async () => {
  const proofs = await listenForProofs({ hostname: '127.0.0.1', port: 0 })
  proofs.show('token', 'token.thumbprint')
  const url = `http://127.0.0.1:${proofs.port}`
  const answer = await fetch(`${url}/.well-known/acme-challenge/token`)
  expect([answer.status, await answer.text()]).toEqual([200, 'token.thumbprint'])
  for (const path of [
    '/',
    '/.well-known/acme-challenge/',
    '/.well-known/acme-challenge/other',
    '/.well-known/acme-challenge/__proto__',
  ])
    expect((await fetch(`${url}${path}`)).status).toBe(404)
  expect((await fetch(`${url}/.well-known/acme-challenge/token`, { method: 'POST' })).status).toBe(404)
  await proofs[Symbol.asyncDispose]()
  const failed = await new Promise((resolve) => connect(proofs.port, '127.0.0.1').on('error', resolve))
  expect(failed).toMatchObject({ code: 'ECONNREFUSED' })
})
