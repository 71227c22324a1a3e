/** HPKE (RFC 9180), Base and Auth mode, one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; by @hpke/core. */
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { Bytes } from '../base/mod.ts'
import { importAgreementPublicKey } from './agreement.ts'
import { InputMalformed, KeyMalformed, NotAuthentic } from './errors.ts'
import { type AgreementKey, loadAgreementKey } from './keys.ts'
import type { PublicKeyBytes } from './points.ts'

/** Derives secrets that both ends of a sealing share (RFC 9180 §5.3). */
export type Exporter = {
  /** The encapsulated key, 65 bytes; public. */
  readonly enc: Bytes
  /** 1 to 8,160 bytes, the same at both ends for the same context (at most 8,192 bytes); else `crypto.input_malformed`. */
  export(context: Bytes, length: number): Promise<Bytes>
}

/** The sender's side. Messages are sealed in an order that the opening side must keep. */
export type SealingContext = Exporter & { seal(plaintext: Bytes, aad: Bytes): Promise<Bytes> }

/** The recipient's side. `open` throws `crypto.not_authentic` and then still waits for the message that was due. */
export type OpeningContext = Exporter & { open(sealed: Bytes, aad: Bytes): Promise<Bytes> }

/** `sender` present: Auth mode, and the recipient knows who sealed. Absent: Base mode, anyone can have sealed. */
export type SealTo = { recipient: PublicKeyBytes; sender?: AgreementKey; info: Bytes }

/** The same as at the sender: `sender` present exactly if it was, `enc` from the sealing, `info` equal. */
export type OpenFrom = { recipient: AgreementKey; sender?: PublicKeyBytes; enc: Bytes; info: Bytes }

/** RFC 9180 §7.2.1 leaves the bound to the implementation. */
const EXPORT_CONTEXT_BYTES_MAX = 8_192
const EXPORT_BYTES_MAX = 255 * 32
const SEED_BYTES = 32

/**
 * Opens a sealing to a recipient (65-byte agreement key). `info` binds what it is about. Refuses `crypto.point_malformed`.
 * Auth mode proves the sender only while the recipient's own key is safe (key-compromise impersonation): sign as well.
 */
export async function sealTo(options: SealTo): Promise<SealingContext> {
  const context = await createSuite().createSenderContext({
    recipientPublicKey: await importAgreementPublicKey(options.recipient),
    ...(options.sender && { senderKey: await asPair(options.sender) }),
    info: options.info,
  })
  return {
    enc: new Uint8Array(context.enc),
    seal: async (plaintext, aad) => new Uint8Array(await context.seal(plaintext, aad)),
    export: (label, length) => exportFrom(context, label, length),
  }
}

/**
 * The other end of `sealTo`. Refuses a malformed `enc` or `sender` with `crypto.point_malformed`; a wrong sender, recipient, mode or
 * `info` shows at the first `open`.
 */
export async function openFrom(options: OpenFrom): Promise<OpeningContext> {
  await importAgreementPublicKey(options.enc)
  const enc = options.enc.slice()
  const context = await createSuite().createRecipientContext({
    recipientKey: await asPair(options.recipient),
    ...(options.sender && { senderPublicKey: await importAgreementPublicKey(options.sender) }),
    enc,
    info: options.info,
  })
  return {
    enc,
    async open(sealed, aad) {
      try {
        return new Uint8Array(await context.open(sealed, aad))
      } catch (cause) {
        throw new NotAuthentic('the sealed message does not open', { cause })
      }
    },
    export: (label, length) => exportFrom(context, label, length),
  }
}

/** The agreement key that 32 secret bytes stand for (RFC 9180 §7.1.3, DeriveKeyPair): the same bytes always give the same key. */
export async function agreementKeyOf(seed: Bytes): Promise<AgreementKey> {
  if (seed.byteLength !== SEED_BYTES) throw new KeyMalformed('an agreement key is derived from 32 bytes')
  const pair = await createSuite().kem.deriveKeyPair(seed.slice())
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
  try {
    return await loadAgreementKey({ publicKey, pkcs8 })
  } finally {
    pkcs8.fill(0)
  }
}

/** A fresh suite each time: the library keeps state in it while it sets up. */
export function createSuite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
}

/** The library exports a lone private key to find its public half; a pair spares it that, so ours can stay non-extractable. */
async function asPair(key: AgreementKey): Promise<CryptoKeyPair> {
  return { privateKey: key.privateKey, publicKey: await importAgreementPublicKey(key.publicKey) }
}

async function exportFrom(
  context: { export(label: Bytes, length: number): Promise<ArrayBuffer> },
  label: Bytes,
  length: number,
): Promise<Bytes> {
  if (label.byteLength > EXPORT_CONTEXT_BYTES_MAX) throw new InputMalformed('the exporter context is too long')
  if (!Number.isInteger(length) || length < 1 || length > EXPORT_BYTES_MAX)
    throw new InputMalformed(`an export has 1 to ${EXPORT_BYTES_MAX} bytes, not ${length}`)
  return new Uint8Array(await context.export(label, length))
}
