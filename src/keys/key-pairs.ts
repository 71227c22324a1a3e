/** Key pairs that are credentials: made here on request, or read from PEM for their public part. */
import { createPrivateKey, createPublicKey, type KeyObject, generateKeyPair as withCallback } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '../base/mod.ts'
import { sha256 } from '../crypto/mod.ts'
import { openSshOf, sshPublicOf } from './ssh-key.ts'

/** What can be made. RSA is there for SSH servers that know nothing else. */
export const KEY_ALGORITHMS = ['p-256', 'ed25519', 'rsa-3072'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** The public part as PEM (SPKI), and SHA-256 over its DER as `SHA256:` and base64. */
type PublicPart = { publicKey: string; fingerprint: string }

const generate = promisify(withCallback)

/** A new private key as PEM (PKCS#8); with `ssh`, in OpenSSH's format. Made on a thread of its own: RSA takes a second. */
export async function generatePrivateKey(algorithm: KeyAlgorithm, ssh: boolean, random: Random): Promise<string> {
  const key = await generateKey(algorithm)
  return ssh ? openSshOf(key, random) : key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

async function generateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'p-256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey
    case 'ed25519':
      return (await generate('ed25519')).privateKey
    case 'rsa-3072':
      return (await generate('rsa', { modulusLength: 3_072 })).privateKey
  }
}

/** The public part of a private key in PEM without a passphrase: a NIST curve, Ed25519, RSA from 2,048 bits. `undefined` for anything else. */
export async function publicPartOf(pem: string): Promise<PublicPart | undefined> {
  // The same keys as SSH knows, and the same parser: what is none of them is told apart there.
  if ((await sshPublicOf(pem)) === undefined) return undefined
  try {
    const key = createPublicKey(createPrivateKey(pem))
    const der = new Uint8Array(key.export({ format: 'der', type: 'spki' }))
    const digest = Buffer.from(await sha256(der))
      .toString('base64')
      .replace(/=+$/, '')
    return { publicKey: key.export({ format: 'pem', type: 'spki' }).toString(), fingerprint: `SHA256:${digest}` }
  } catch {
    return undefined
  }
}
