import { describe, expect, test } from 'bun:test'
import {
  CERTIFICATE_TEXT_LENGTH_MAX,
  certificateCovers,
  certificateFacts,
  checkServerCertificate,
  orderedChain,
  PKCS12_BYTES_MAX,
  pemOf,
  readCertificates,
  readPkcs12,
  readPrivateKey,
} from '../../src/crypto/mod.ts'
import { type Chain, chainOf, type Made, rsa, type ServerWish } from '../support/certificates/chain.ts'
import { chainPem, keys, PASSPHRASE, pkcs12 } from '../support/certificates/openssl.ts'
import { refusalOf } from '../support/refusal.ts'

const DAY_MS = 86_400_000

/** What the check says of a PEM text with a key. */
function verdict(pem: string, keyPem: string, nowMs = Date.now()): Promise<string> {
  return refusalOf(() => checkServerCertificate(readCertificates(pem), readPrivateKey(keyPem), nowMs))
}

describe('checkServerCertificate()', () => {
  async function made(wish: ServerWish = {}): Promise<Chain & Made> {
    const chain = await chainOf()
    return { ...chain, ...(await chain.server({ dns: ['factory.example'], ...wish })) }
  }

  test('takes a chain with or without its root, and a self-signed certificate alone', async () => {
    const { pem, keyPem, authority, root } = await made()
    expect(await verdict(pem + authority, keyPem)).toBe('nothing')
    expect(await verdict(pem + authority + root, keyPem)).toBe('nothing')
    const self = await made({ selfSigned: true })
    expect(await verdict(self.pem, self.keyPem)).toBe('nothing')
    const big = await made({ algorithm: rsa(2_048) })
    expect(await verdict(big.pem + big.authority, big.keyPem)).toBe('nothing')
  })

  test('names a key that belongs to another certificate', async () => {
    const [one, other] = [await made(), await made()]
    expect(await verdict(one.pem + one.authority, other.keyPem)).toBe('certificate.key_mismatch')
  })

  test('names a chain that is out of order, and one that is incomplete', async () => {
    const { pem, keyPem, authority, root } = await made()
    const stranger = await made()
    expect(await verdict(authority + pem, keyPem)).toBe('certificate.chain_order')
    expect(await verdict(pem + root + authority, keyPem)).toBe('certificate.chain_order')
    expect(await verdict(pem + authority + root + authority, keyPem)).toBe('certificate.chain_order')
    expect(await verdict(pem, keyPem)).toBe('certificate.chain_incomplete')
    expect(await verdict(pem + root, keyPem)).toBe('certificate.chain_incomplete')
    // Of the right name, and not the one that signed.
    expect(await verdict(pem + stranger.authority, keyPem)).toBe('certificate.chain_incomplete')
  })

  test('names an end that has come and a beginning that has not, of the chain as well', async () => {
    const end = new Date(Date.now() + 10 * DAY_MS)
    const { pem, keyPem, authority } = await made({ notBefore: new Date(Date.now() - DAY_MS), notAfter: end })
    const at = (nowMs: number) => verdict(pem + authority, keyPem, nowMs)
    expect(await at(end.getTime() - 2_000)).toBe('nothing')
    expect(await at(end.getTime() + 1_000)).toBe('certificate.expired')
    expect(await at(Date.now() - 2 * DAY_MS)).toBe('certificate.not_yet_valid')
    const long = await made({ notAfter: new Date(Date.now() + 1_000 * DAY_MS) })
    expect(await verdict(long.pem + long.authority, long.keyPem, Date.now() + 91 * DAY_MS)).toBe('certificate.expired')
  })

  test('names what is weak: RSA under 2,048 bits, SHA-1, keys that no TLS client knows', async () => {
    const short = await made({ algorithm: rsa(1_024) })
    expect(await verdict(short.pem + short.authority, short.keyPem)).toBe('certificate.weak')
    const old = await made({ selfSigned: true, algorithm: rsa(2_048, 'SHA-1'), hash: 'SHA-1' })
    expect(await verdict(old.pem, old.keyPem)).toBe('certificate.weak')
    const authorities = await chainOf(rsa(1_024))
    const fine = await authorities.server({ dns: ['factory.example'] })
    expect(await verdict(fine.pem + authorities.authority, fine.keyPem)).toBe('certificate.weak')
  })

  test('names a certificate that is not for servers', async () => {
    const mail = await made({ use: '1.3.6.1.5.5.7.3.4' })
    expect(await verdict(mail.pem + mail.authority, mail.keyPem)).toBe('certificate.use_wrong')
    const server = await made({ use: '1.3.6.1.5.5.7.3.1' })
    expect(await verdict(server.pem + server.authority, server.keyPem)).toBe('nothing')
  })

  test('orderedChain() finds the order in what has none, and leaves out what does not belong', async () => {
    const { pem, keyPem, authority, root } = await made()
    const stranger = await made()
    const shuffled = readCertificates(root + stranger.authority + authority + pem)
    expect(pemOf(orderedChain(shuffled, readPrivateKey(keyPem)))).toBe(pemOf(readCertificates(pem + authority + root)))
    expect(await refusalOf(() => orderedChain(shuffled, readPrivateKey(stranger.keyPem)))).toBe(
      'certificate.key_mismatch',
    )
  })
})

test('the facts of a certificate are those that people compare', async () => {
  const chain = await chainOf()
  const { pem } = await chain.server({ dns: ['factory.example', '*.plant.example'], ip: ['192.0.2.7'] })
  const facts = certificateFacts(pem)
  expect(facts).toMatchObject({ subject: 'CN=server', issuer: 'CN=Authority', key: 'EC prime256v1', selfSigned: false })
  expect(facts.names).toEqual(['factory.example', '*.plant.example', '192.0.2.7'])
  expect(facts.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  for (const name of ['factory.example', 'FACTORY.example', 'press.plant.example', '192.0.2.7'])
    expect(certificateCovers(pem, name)).toBe(true)
  for (const name of ['server', 'other.example', 'a.b.plant.example', '192.0.2.8', 'localhost'])
    expect(certificateCovers(pem, name)).toBe(false)
})

describe('PEM', () => {
  test('is read with words and line ends of every sort between the blocks', () => {
    const text = `subject=CN = factory\r\n${chainPem.replaceAll('\n', '\r\n')}trailing words`
    expect(readCertificates(text)).toHaveLength(2)
  })

  test('without a certificate, with too many of them, or with one that is none is certificate.unreadable', async () => {
    const [one = ''] = chainPem.match(/-----BEGIN[\s\S]*?END CERTIFICATE-----\n/) ?? []
    expect(readCertificates(one.repeat(8))).toHaveLength(8)
    for (const text of [
      '',
      'hello',
      keys.plain,
      one.repeat(9),
      one.replace(/MI/, 'AA'),
      'x'.repeat(CERTIFICATE_TEXT_LENGTH_MAX + 1),
    ])
      expect(await refusalOf(() => readCertificates(text))).toBe('certificate.unreadable')
  })

  test('of a key is read plain and encrypted, new and old', () => {
    for (const pem of [keys.plain, keys.sec1, keys.enc, keys.sec1enc])
      expect(readCertificates(chainPem)[0]?.checkPrivateKey(readPrivateKey(pem, PASSPHRASE))).toBe(true)
  })

  test('of a key says whether the passphrase or the form is at fault', async () => {
    for (const pem of [keys.enc, keys.sec1enc])
      for (const passphrase of [undefined, '', 'wrong', 'x'.repeat(1_025)])
        expect(await refusalOf(() => readPrivateKey(pem, passphrase))).toBe('certificate.passphrase_wrong')
    for (const pem of ['', chainPem, keys.plain + keys.sec1, keys.plain.replace('MIG', 'AAA'), keys.scrypt])
      expect(await refusalOf(() => readPrivateKey(pem, PASSPHRASE))).toBe('certificate.key_unreadable')
  })
})

describe('PKCS#12', () => {
  test('of the modern form is opened: the key, and the certificates in an order', async () => {
    for (const [file, passphrase] of [
      [pkcs12.modern, PASSPHRASE],
      [pkcs12.empty, ''],
    ] as const) {
      const { certificates, privateKeyPem } = await readPkcs12(file, passphrase)
      const key = readPrivateKey(privateKeyPem)
      expect(pemOf(orderedChain(certificates, key))).toBe(pemOf(readCertificates(chainPem)))
    }
  })

  test('of the old form is refused with the command that rewrites it', async () => {
    for (const file of [pkcs12.rc2, pkcs12.tripleDes]) {
      const failed = await readPkcs12(file, PASSPHRASE).catch((error) => error)
      expect(failed).toMatchObject({
        code: 'certificate.pkcs12_old',
        advice: expect.stringContaining('openssl pkcs12 -legacy'),
      })
    }
  })

  test('with the wrong passphrase, a changed byte, without a key, too long, or that is none is named so', async () => {
    const changed = pkcs12.modern.slice()
    changed[200] = (changed[200] ?? 0) ^ 1
    expect(await refusalOf(() => readPkcs12(pkcs12.modern, 'wrong'))).toBe('certificate.passphrase_wrong')
    expect(await refusalOf(() => readPkcs12(pkcs12.modern))).toBe('certificate.passphrase_wrong')
    expect(await refusalOf(() => readPkcs12(changed, PASSPHRASE))).toBe('certificate.passphrase_wrong')
    const garbage = [new Uint8Array(0), new Uint8Array(100).fill(0x30), new Uint8Array(PKCS12_BYTES_MAX + 1)]
    for (const file of [pkcs12.nokey, ...garbage])
      expect(await refusalOf(() => readPkcs12(file, PASSPHRASE))).toBe('certificate.pkcs12_unreadable')
  })

  test('that was cut or changed anywhere is refused by a name of ours, never by an accident', async () => {
    for (let at = 0; at < pkcs12.modern.byteLength; at += 37) {
      const changed = pkcs12.modern.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x55
      for (const file of [changed, pkcs12.modern.slice(0, at)])
        expect(await refusalOf(() => readPkcs12(file, PASSPHRASE))).toMatch(/^certificate\./)
    }
  })
})
