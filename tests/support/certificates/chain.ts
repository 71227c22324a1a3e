/** Chains of certificates with any fault that a test wants, made by @peculiar/x509: root → authority → server. */
import type * as Library from '@peculiar/x509'

const DAY_MS = 86_400_000
export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
export const rsa = (bits: number, hash = 'SHA-256') => ({
  ...{ name: 'RSASSA-PKCS1-v1_5', hash, modulusLength: bits },
  publicExponent: new Uint8Array([1, 0, 1]),
})
type Algorithm = typeof P256 | ReturnType<typeof rsa>

export type ServerWish = {
  dns?: string[]
  ip?: string[]
  /** Of the server's key. */
  algorithm?: Algorithm
  /** With which the issuer signs. */
  hash?: string
  notBefore?: Date
  notAfter?: Date
  use?: string
  selfSigned?: boolean
}
export type Made = { pem: string; keyPem: string }
export type Chain = { root: string; authority: string; server(wish?: ServerWish): Promise<Made> }

/** `algorithm` is that of the two authorities. */
export async function chainOf(algorithm: Algorithm = P256): Promise<Chain> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const [rootKeys, authorityKeys] = [await generate(algorithm), await generate(algorithm)]
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 90 * DAY_MS) }
  const authority = { ...validity, signingAlgorithm: algorithm, signingKey: rootKeys.privateKey }
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)]
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ ...authority, extensions, name: 'CN=Root', keys: rootKeys },
  })
  const middle = await x509.X509CertificateGenerator.create({
    ...{ ...authority, extensions, subject: 'CN=Authority', issuer: root.subject, publicKey: authorityKeys.publicKey },
  })
  return {
    root: `${root.toString('pem')}\n`,
    authority: `${middle.toString('pem')}\n`,
    async server(wish = {}) {
      const keys = await generate(wish.algorithm ?? P256)
      const issuer = wish.selfSigned ? { subject: 'CN=server', keys } : { subject: middle.subject, keys: authorityKeys }
      const signing = wish.selfSigned ? (wish.algorithm ?? P256) : algorithm
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ ...validity, subject: 'CN=server', issuer: issuer.subject, publicKey: keys.publicKey },
        ...{ signingKey: issuer.keys.privateKey, signingAlgorithm: { ...signing, hash: wish.hash ?? 'SHA-256' } },
        ...(wish.notBefore && { notBefore: wish.notBefore }),
        ...(wish.notAfter && { notAfter: wish.notAfter }),
        extensions: serverExtensions(x509, wish),
      })
      const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
      return { pem: `${certificate.toString('pem')}\n`, keyPem: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n` }
    },
  }
}

function serverExtensions(x509: typeof Library, { dns = [], ip = [], use }: ServerWish): Library.Extension[] {
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ]
  return [
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ...(use === undefined ? [] : [new x509.ExtendedKeyUsageExtension([use])]),
  ]
}

function generate(algorithm: Algorithm): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
}
