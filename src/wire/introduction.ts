/** What one Runtime's owner hands to another so that the two may bridge (PROTOCOL.md, Peers): `slp_` and a JWS by that Runtime's key. */
import { canonicalJson, utf8 } from '../base/mod.ts'
import type { SigningKey } from '../crypto/mod.ts'
import { PeerIntroduction } from './enrolment.ts'
import { IntroductionRefused } from './errors.ts'
import { readWithKeyInside, signWithKeyInside } from './self-signed.ts'

const PREFIX = 'slp_'
const TYP = 'peer-introduction+sluice'
/** A certificate of 8 KiB, two keys, names and a signature, as base64url: under 13 KiB. */
const INTRODUCTION_LENGTH_MAX = 16_384

/** Signs an introduction of the Runtime that owns the key. */
export async function encodeIntroduction(key: SigningKey, introduction: PeerIntroduction): Promise<string> {
  return PREFIX + (await signWithKeyInside(key, TYP, utf8(canonicalJson(introduction))))
}

/**
 * Reads a pasted introduction. Its signature shows that it is whole and that its maker holds the signing key in it; that it came from
 * the right Runtime only a compared fingerprint or the way it came can tell. Throws `introduction.refused`.
 */
export async function decodeIntroduction(text: string): Promise<PeerIntroduction> {
  const compact = text.replace(/\s+/g, '')
  if (compact.length > INTRODUCTION_LENGTH_MAX || !compact.startsWith(PREFIX))
    throw new IntroductionRefused('an introduction begins with slp_')
  try {
    const token = compact.slice(PREFIX.length)
    const { payload, key } = await readWithKeyInside(token, { typ: TYP, schema: PeerIntroduction })
    if (payload.signingKey !== key) throw new IntroductionRefused('the introduction is signed by another key')
    return payload
  } catch (cause) {
    throw new IntroductionRefused('the introduction is incomplete or was changed', { cause })
  }
}
