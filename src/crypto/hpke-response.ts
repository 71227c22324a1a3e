/** The answer to an HPKE message, sealed under its exporter and a random nonce, as RFC 9458 §4.4 does it. */
import { type Bytes, concatBytes, systemRandom, utf8 } from '../base/mod.ts'
import { AES_KEY_BYTES, GCM_NONCE_BYTES } from './aes-gcm.ts'
import { hkdf } from './derivation.ts'
import { InputMalformed, NotAuthentic } from './errors.ts'
import type { Exporter } from './hpke.ts'

/** max(Nn, Nk) of AES-256-GCM: the length of the nonce and of the exported secret. */
const RESPONSE_NONCE_BYTES = AES_KEY_BYTES
/** Ours, not "message/bhttp response": what is answered here is no HTTP message. */
const EXPORT_LABEL = utf8('sluice message response v1')

/** A sealed answer and the random nonce (32 bytes) that travels with it. */
export type SealedResponse = { nonce: Bytes; sealed: Bytes }

/** Seals one answer to the message whose context this is. Each answer takes a fresh random nonce (32 bytes), so several may be sent. */
export async function sealResponse(context: Exporter, plaintext: Bytes): Promise<SealedResponse> {
  const nonce = systemRandom(RESPONSE_NONCE_BYTES)
  const { key, iv } = await responseKey(context, nonce, 'encrypt')
  return { nonce, sealed: new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plaintext)) }
}

/** Opens an answer with the context that sealed the question. Refuses `crypto.not_authentic`, and a nonce that is not 32 bytes with `crypto.input_malformed`. */
export async function openResponse(context: Exporter, nonce: Bytes, sealed: Bytes): Promise<Bytes> {
  const { key, iv } = await responseKey(context, nonce, 'decrypt')
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed))
  } catch (cause) {
    throw new NotAuthentic('the sealed answer does not open', { cause })
  }
}

async function responseKey(
  context: Exporter,
  nonce: Bytes,
  use: 'encrypt' | 'decrypt',
): Promise<{ key: CryptoKey; iv: Bytes }> {
  if (nonce.byteLength !== RESPONSE_NONCE_BYTES) throw new InputMalformed('a response nonce is 32 bytes')
  const secret = await context.export(EXPORT_LABEL, RESPONSE_NONCE_BYTES)
  const salt = concatBytes(context.enc, nonce)
  const keyBytes = await hkdf({ secret, salt, context: utf8('key'), length: AES_KEY_BYTES })
  const iv = await hkdf({ secret, salt, context: utf8('nonce'), length: GCM_NONCE_BYTES })
  secret.fill(0)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-GCM', false, [use])
  keyBytes.fill(0)
  return { key, iv }
}
