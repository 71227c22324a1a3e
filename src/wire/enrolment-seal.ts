/** Enrolment's two messages: signed first, then sealed, so that TLS inspection learns nothing (PROTOCOL.md, Enrolment). */
import * as v from 'valibot'
import { type Bytes, base64url, canonicalJson, fromBase64url, fromUtf8, utf8 } from '../base/mod.ts'
import { type AgreementKey, openFrom, type PublicKeyBytes, type SigningKey, sealTo } from '../crypto/mod.ts'
import { EnrolmentAnswer, type EnrolmentCode, EnrolmentRequest } from './enrolment.ts'
import { digestOf } from './envelope.ts'
import { EnrolmentRefused } from './errors.ts'
import { SUITE } from './limits.ts'
import { readWithKeyInside, signWithKeyInside } from './self-signed.ts'

/** 1,024 credentials and as many libraries and types × ≤ 70 B, a certificate, twice in base64url: under 512 KiB. */
export const ENROLMENT_BYTES_MAX = 524_288

const REQUEST_TYP = 'enrolment-request+sluice'
const ANSWER_TYP = 'enrolment-answer+sluice'

const Sealed = v.strictObject({ enc: v.string(), sealed: v.string() })
/** The answer names the request it belongs to by the SHA-256 (base64url) of the sealed request. */
const Answer = v.strictObject({ re: v.string(), answer: EnrolmentAnswer })

/** Signs the request with the Runtime's new key and seals it to the agreement key that the code pins (HPKE Base: it is a stranger yet). */
export async function sealEnrolmentRequest(
  request: EnrolmentRequest,
  options: { code: EnrolmentCode; key: SigningKey },
): Promise<string> {
  const token = await signWithKeyInside(options.key, REQUEST_TYP, utf8(canonicalJson(request)))
  const recipient = fromBase64url(options.code.agreementKey)
  return sealText(token, { recipient, info: enrolmentInfo('request', options.code.tenant) })
}

/**
 * Opens a request as the tenant. Whoever it is has proved to hold the signing key in it; the secret and the agreement key are for the
 * caller to judge. `digest` goes into the answer. Throws `enrolment.refused` for everything else.
 */
export async function openEnrolmentRequest(
  body: string,
  options: { tenant: string; agreement: AgreementKey },
): Promise<{ request: EnrolmentRequest; digest: string }> {
  try {
    if (body.length > ENROLMENT_BYTES_MAX) throw new EnrolmentRefused('the request is too long')
    const info = enrolmentInfo('request', options.tenant)
    const token = await openText(body, { recipient: options.agreement, info })
    const { payload, key } = await readWithKeyInside(token, { typ: REQUEST_TYP, schema: EnrolmentRequest })
    if (payload.signingKey !== key) throw new EnrolmentRefused('the request is signed by another key')
    return { request: payload, digest: await digestOf(body) }
  } catch (cause) {
    throw new EnrolmentRefused('the enrolment was refused', { cause })
  }
}

/** Signs the answer with the tenant's key and seals it to the Runtime's new agreement key (HPKE Auth from the tenant's). */
export async function sealEnrolmentAnswer(
  answer: EnrolmentAnswer,
  options: { key: SigningKey; agreement: AgreementKey; recipient: PublicKeyBytes; digest: string },
): Promise<string> {
  const { key, agreement, recipient, digest } = options
  const token = await signWithKeyInside(key, ANSWER_TYP, utf8(canonicalJson({ re: digest, answer })))
  return sealText(token, { recipient, sender: agreement, info: enrolmentInfo('answer', answer.tenant) })
}

/** Opens the answer to exactly that sealed request, by the keys that the code pins. Throws `enrolment.refused`. */
export async function openEnrolmentAnswer(
  body: string,
  options: { code: EnrolmentCode; agreement: AgreementKey; request: string },
): Promise<EnrolmentAnswer> {
  const { code, agreement, request } = options
  try {
    if (body.length > ENROLMENT_BYTES_MAX) throw new EnrolmentRefused('the answer is too long')
    const sender = fromBase64url(code.agreementKey)
    const token = await openText(body, { recipient: agreement, sender, info: enrolmentInfo('answer', code.tenant) })
    const expected = { typ: ANSWER_TYP, kid: code.signingKid, schema: Answer }
    const { payload, key } = await readWithKeyInside(token, expected)
    const { answer, re } = payload
    const pinned =
      answer.tenant === code.tenant && answer.signingKey === key && answer.agreementKey === code.agreementKey
    if (!pinned || re !== (await digestOf(request))) throw new EnrolmentRefused('the answer belongs to something else')
    return answer
  } catch (cause) {
    throw new EnrolmentRefused('the answer to the enrolment was refused', { cause })
  }
}

async function sealText(
  text: string,
  parties: { recipient: PublicKeyBytes; sender?: AgreementKey; info: Bytes },
): Promise<string> {
  const context = await sealTo(parties)
  const sealed = await context.seal(utf8(text), new Uint8Array())
  return canonicalJson({ enc: base64url(context.enc), sealed: base64url(sealed) })
}

async function openText(
  body: string,
  parties: { recipient: AgreementKey; sender?: PublicKeyBytes; info: Bytes },
): Promise<string> {
  const { enc, sealed } = v.parse(Sealed, JSON.parse(body))
  const context = await openFrom({ ...parties, enc: fromBase64url(enc) })
  return fromUtf8(await context.open(fromBase64url(sealed), new Uint8Array()))
}

function enrolmentInfo(direction: 'request' | 'answer', tenant: string): Bytes {
  return utf8(canonicalJson([`sluice enrolment ${direction} v1`, SUITE, tenant]))
}
