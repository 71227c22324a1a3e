/** The tenant's detached signature over an assignment (RFC 7515, appendix F): kept beside it and verified again at every start. */
import { base64url, canonicalJson, utf8 } from '../base/mod.ts'
import { importVerifyKey, type PublicKeyBytes, type SigningKey, thumbprint } from '../crypto/mod.ts'
import type { Assignment } from './deployment.ts'
import { signCompact, verifiedPayload } from './envelope.ts'
import { AssignmentSignatureRefused } from './errors.ts'
import { SUITE } from './limits.ts'

const TYP = 'assignment+sluice'

/** Signs the JCS form of the assignment; gives `header..signature`. */
export async function signAssignment(key: SigningKey, assignment: Assignment): Promise<string> {
  const token = await signCompact(key, headerOf(key.kid), utf8(canonicalJson(assignment)))
  const [header, , signature] = token.split('.')
  return `${header}..${signature}`
}

/** Resolves when the signature is that key's over exactly this assignment; else `assignment.signature_refused`. */
export async function verifyAssignment(
  publicKey: PublicKeyBytes,
  assignment: Assignment,
  signature: string,
): Promise<void> {
  const expected = base64url(utf8(canonicalJson(headerOf(await thumbprint(publicKey)))))
  const [header, payload, ...rest] = signature.split('.')
  if (header !== expected || payload !== '' || rest.length !== 1)
    throw new AssignmentSignatureRefused('the assignment’s signature has another form or another key')
  const token = `${header}.${base64url(utf8(canonicalJson(assignment)))}.${rest[0]}`
  try {
    await verifiedPayload(token, await importVerifyKey(publicKey))
  } catch (cause) {
    throw new AssignmentSignatureRefused('the assignment’s signature does not hold', { cause })
  }
}

function headerOf(kid: string): { alg: string; kid: string; suite: string; typ: string } {
  return { alg: 'ES256', kid, suite: SUITE, typ: TYP }
}
