/** Messages that a thief, a broken peer or a hostile peer could make. */
import { base64url, canonicalJson, fromBase64url, fromUtf8, utf8 } from '../../../src/base/mod.ts'
import { type SigningKey, sign } from '../../../src/crypto/mod.ts'

export type Header = Record<string, unknown>

export function headerOf(token: string): Header {
  return JSON.parse(fromUtf8(fromBase64url(token.split('.')[0] ?? '')))
}

export function payloadOf(token: string): unknown {
  return JSON.parse(fromUtf8(fromBase64url(token.split('.')[1] ?? '')))
}

/** Signs exactly this header text and this payload text. */
export async function forgeText(key: SigningKey, header: string, payload: string): Promise<string> {
  const input = `${base64url(utf8(header))}.${base64url(utf8(payload))}`
  return `${input}.${base64url(await sign(key.privateKey, utf8(input)))}`
}

/** Signs a token again with members of its header changed (`undefined` removes one) and, if given, another payload. */
export function forge(
  key: SigningKey,
  token: string,
  changes: Header,
  payload: unknown = payloadOf(token),
): Promise<string> {
  const header = Object.fromEntries(
    Object.entries({ ...headerOf(token), ...changes }).filter(([, value]) => value !== undefined),
  )
  return forgeText(key, canonicalJson(header), JSON.stringify(payload))
}
