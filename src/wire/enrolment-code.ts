/** The enrolment code as text: `slx_` and the base64url of its JSON. */
import * as v from 'valibot'
import { base64url, canonicalJson, fromBase64url, fromUtf8, utf8 } from '../base/mod.ts'
import { EnrolmentCode } from './enrolment.ts'
import { EnrolmentCodeMalformed } from './errors.ts'

const PREFIX = 'slx_'
/** An address of 512 characters, a certificate of 8 KiB and the keys, as base64url: under 12 KiB. */
const CODE_LENGTH_MAX = 16_384

/** The text that a person copies from the Platform to the Runtime. */
export function encodeEnrolmentCode(code: EnrolmentCode): string {
  return PREFIX + base64url(utf8(canonicalJson(code)))
}

/** Reads a pasted code, white space around and within forgiven (terminals wrap long lines). Throws `enrolment_code.malformed`. */
export function decodeEnrolmentCode(text: string): EnrolmentCode {
  const compact = text.replace(/\s+/g, '')
  if (compact.length > CODE_LENGTH_MAX || !compact.startsWith(PREFIX))
    throw new EnrolmentCodeMalformed('an enrolment code begins with slx_')
  try {
    return v.parse(EnrolmentCode, JSON.parse(fromUtf8(fromBase64url(compact.slice(PREFIX.length)))))
  } catch (cause) {
    throw new EnrolmentCodeMalformed('the enrolment code is incomplete or was changed', { cause })
  }
}
