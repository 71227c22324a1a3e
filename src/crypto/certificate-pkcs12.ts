/** A key and its certificates out of a PKCS#12 file (RFC 7292) of the modern form: PBES2. The reader is loaded when it is needed. */
import { X509Certificate } from 'node:crypto'
import type * as Pkijs from 'pkijs'
import { type Bytes, utf8 } from '../base/mod.ts'
import { CertificatePassphraseWrong, Pkcs12Old, Pkcs12Unreadable } from './certificate-errors.ts'
import { pemBlock } from './certificate-pem.ts'

/** A key and a chain are a few KiB. */
export const PKCS12_BYTES_MAX = 131_072
/** Rounds of its check, which run on our loop: 1.5 µs each, so 1.5 s for the most that any program writes. */
const ROUNDS_MAX = 1_000_000

const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
/** pbeWithSHAAnd… (RFC 7292, Appendix C): RC4, 3DES and RC2 under keys that SHA-1 makes of a passphrase. */
const OLD_ENCRYPTION = /1\.2\.840\.113549\.1\.12\.1\.\d/
const PLAIN_CONTENT = '1.2.840.113549.1.7.1'

/** What a file holds: the certificates in no particular order, the key as PEM (PKCS #8). */
export type Pkcs12Content = { certificates: X509Certificate[]; privateKeyPem: string }

/**
 * Opens a PKCS#12 file; its integrity is checked first.
 * Refuses `certificate.pkcs12_unreadable`, `certificate.pkcs12_old` and `certificate.passphrase_wrong`.
 */
export async function readPkcs12(bytes: Bytes, passphrase = ''): Promise<Pkcs12Content> {
  if (bytes.byteLength > PKCS12_BYTES_MAX)
    throw new Pkcs12Unreadable('the file is too long for a certificate and its key')
  const pkijs = await import('pkijs')
  const pfx = parsed(pkijs, bytes)
  if ((pfx.macData?.iterations ?? 1) > ROUNDS_MAX) throw new Pkcs12Unreadable('its check takes too many rounds')
  const password = utf8(passphrase).buffer
  try {
    await pfx.parseInternalValues({ password, checkIntegrity: true })
  } catch {
    // Of the two reasons the wrong passphrase is the likely one; the check cannot tell them apart.
    throw new CertificatePassphraseWrong('the passphrase does not open the file, or the file was changed')
  }
  try {
    return await contentOf(pfx, password)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : ''
    if (OLD_ENCRYPTION.test(words)) throw new Pkcs12Old('the file is encrypted in an old way (3DES or RC2)', { cause })
    if (cause instanceof Pkcs12Unreadable) throw cause
    throw new Pkcs12Unreadable('what is in the file cannot be read', { cause })
  }
}

function parsed(pkijs: typeof Pkijs, bytes: Bytes): Pkijs.PFX {
  try {
    return pkijs.PFX.fromBER(bytes)
  } catch (cause) {
    throw new Pkcs12Unreadable('this is not a PKCS#12 file', { cause })
  }
}

async function contentOf(pfx: Pkijs.PFX, password: ArrayBuffer): Promise<Pkcs12Content> {
  const safe = pfx.parsedValue?.authenticatedSafe
  if (!safe) throw new Pkcs12Unreadable('the file is empty')
  await safe.parseInternalValues({
    safeContents: safe.safeContents.map(({ contentType }) => (contentType === PLAIN_CONTENT ? {} : { password })),
  })
  const contents: { value: Pkijs.SafeContents }[] = safe.parsedValue?.safeContents ?? []
  const bags = contents.flatMap(({ value }) => value.safeBags)
  const certificates: X509Certificate[] = []
  const keys: string[] = []
  for (const { bagId, bagValue } of bags) {
    if (bagId === CERTIFICATE_BAG) certificates.push(certificateIn(bagValue as Pkijs.CertBag))
    if (bagId === KEY_BAG) keys.push(pemOf(bagValue as Pkijs.PrivateKeyInfo))
    if (bagId === SHROUDED_KEY_BAG) keys.push(await openedKey(bagValue as Pkijs.PKCS8ShroudedKeyBag, password))
  }
  const [privateKeyPem, ...more] = keys
  if (privateKeyPem === undefined) throw new Pkcs12Unreadable('the file holds no private key')
  if (more.length > 0) throw new Pkcs12Unreadable('the file holds more than one private key')
  if (certificates.length === 0) throw new Pkcs12Unreadable('the file holds no certificate')
  return { certificates, privateKeyPem }
}

function certificateIn({ parsedValue }: Pkijs.CertBag): X509Certificate {
  return new X509Certificate(Buffer.from(parsedValue.toSchema().toBER()))
}

type Opening = { parseInternalValues(options: { password: ArrayBuffer }): Promise<void> }

async function openedKey(bag: Pkijs.PKCS8ShroudedKeyBag, password: ArrayBuffer): Promise<string> {
  // Declared protected, though the library's own documentation calls it so.
  await (bag as unknown as Opening).parseInternalValues({ password })
  if (!bag.parsedValue) throw new Pkcs12Unreadable('the private key in the file cannot be read')
  return pemOf(bag.parsedValue)
}

function pemOf(key: Pkijs.PrivateKeyInfo): string {
  return pemBlock('PRIVATE KEY', new Uint8Array(key.toSchema().toBER()))
}
