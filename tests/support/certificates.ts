/** Throw-away authorities and server certificates for tests, made by @peculiar/x509 and not by the code under test. */
import type * as Library from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000

/** An authority, and server certificates issued by it. */
export interface TestAuthority {
  certificatePem: string
  issue(names: {
    dns?: string[]
    ip?: string[]
    notAfter?: Date
  }): Promise<{ certificatePem: string; privateKeyPem: string }>
}

export async function testAuthority(name: string): Promise<TestAuthority> {
  const x509 = await loadX509()
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(new Date(Date.now() + DAY_MS)),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    certificatePem: certificate.toString('pem'),
    issue: (names) => issue(x509, certificate, keys, names),
  }
}

/** One after the other: the library reads what the first one provides while it loads, and bundlers reorder what one module imports. */
async function loadX509(): Promise<typeof Library> {
  await import('reflect-metadata')
  return await import('@peculiar/x509')
}

async function issue(
  x509: typeof Library,
  issuer: Library.X509Certificate,
  issuerKeys: CryptoKeyPair,
  names: { dns?: string[]; ip?: string[]; notAfter?: Date },
): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const keys = await generateKeys()
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=leaf',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(names.notAfter ?? new Date(Date.now() + DAY_MS)),
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        ...(names.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
        ...(names.ip ?? []).map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificatePem: leaf.toString('pem'), privateKeyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}

function validity(notAfter: Date): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(notAfter.getTime() - 2 * DAY_MS), notAfter }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
}
