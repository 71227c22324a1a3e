/** A certificate as its owner brings it, PEM or PKCS#12, made into what a TLS server takes, after all checks. */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import {
  CertificateNameMismatch,
  certificateCovers,
  checkServerCertificate,
  orderedChain,
  pemOf,
  readCertificates,
  readPkcs12,
  readPrivateKey,
} from '../crypto/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'
import { CertificateInputUnclear } from './errors.ts'

/** PEM texts, or a PKCS#12 file; the key may stand in the same text as the chain. */
export type BroughtCertificate = {
  /** The server's own certificate first, then those of the authorities that signed one another. */
  certificate?: string | undefined
  key?: string | undefined
  pkcs12?: Uint8Array<ArrayBuffer> | undefined
  passphrase?: string | undefined
  /** Take it although it does not name the host. */
  insist?: boolean | undefined
}

/** Reads and checks; refuses with one of the `certificate.…` errors, each for its own fault. */
export async function readBrought(brought: BroughtCertificate, host: string, nowMs: number): Promise<TlsMaterial> {
  const { chain, key } = await partsOf(brought)
  await checkServerCertificate(chain, key, nowMs)
  const certificatePem = pemOf(chain)
  if (!brought.insist && !certificateCovers(certificatePem, host))
    throw new CertificateNameMismatch(`the certificate does not name ${host}`)
  return { certificatePem, privateKeyPem: String(key.export({ type: 'pkcs8', format: 'pem' })) }
}

async function partsOf(brought: BroughtCertificate): Promise<{ chain: X509Certificate[]; key: KeyObject }> {
  const { certificate, key, pkcs12, passphrase } = brought
  if ((pkcs12 === undefined) === (certificate === undefined) || (pkcs12 !== undefined && key !== undefined))
    throw new CertificateInputUnclear('give either a PEM chain with its key or a PKCS#12 file')
  if (pkcs12 !== undefined) {
    const content = await readPkcs12(pkcs12, passphrase)
    const opened = createPrivateKey(content.privateKeyPem)
    return { chain: orderedChain(content.certificates, opened), key: opened }
  }
  const chain = readCertificates(certificate ?? '')
  return { chain, key: readPrivateKey(key ?? certificate ?? '', passphrase) }
}
