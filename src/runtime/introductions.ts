/** How two owners make their Runtimes known to each other: an introduction goes over as text, fingerprints are compared. */
import { base64url, fromBase64url } from '../base/mod.ts'
import { type AgreementKey, type Authority, fingerprint, type SigningKey } from '../crypto/mod.ts'
import { decodeIntroduction, encodeIntroduction, type PeerIntroduction } from '../wire/mod.ts'
import { NotEnrolled, PeerIsSelf } from './errors.ts'
import type { EnrolmentRecord } from './state/enrolment.ts'
import type { Peer } from './state/peers.ts'

export type IntroductionDeps = {
  signing: SigningKey
  agreement: AgreementKey
  authority: Authority
  enrolment: EnrolmentRecord
  /** Where peers reach this Runtime's bridges. */
  bridges: () => { host: string; port: number }
}

/** Signs an introduction of this Runtime. It has an id only once it is enrolled: `enrolment.missing`. */
export async function introduce(deps: IntroductionDeps): Promise<{ introduction: string; fingerprint: string }> {
  const registration = await deps.enrolment.registration()
  if (!registration) throw new NotEnrolled('this Runtime has no id before it is enrolled')
  const { signing, agreement, authority } = deps
  const { host, port } = deps.bridges()
  const about: PeerIntroduction = {
    v: 1,
    runtime: registration.runtime as PeerIntroduction['runtime'],
    name: registration.name,
    signingKey: base64url(signing.publicKey),
    agreementKey: base64url(agreement.publicKey),
    authority: authority.certificatePem,
    bridgeHost: host,
    bridgePort: port,
  }
  const introduction = await encodeIntroduction(signing, about)
  return { introduction, fingerprint: await fingerprint([signing.publicKey, agreement.publicKey]) }
}

/**
 * Reads an introduction without accepting it: whom it is of, and the fingerprint to compare. Refuses `introduction.refused` and
 * `peer.is_self`.
 */
export async function readIntroduction(
  deps: Pick<IntroductionDeps, 'signing'>,
  text: string,
): Promise<Omit<Peer, 'acceptedBy' | 'acceptedAtMs'>> {
  const { v: _version, ...about } = await decodeIntroduction(text)
  if (about.signingKey === base64url(deps.signing.publicKey))
    throw new PeerIsSelf('this is an introduction of this Runtime')
  const keys = [fromBase64url(about.signingKey), fromBase64url(about.agreementKey)]
  return { ...about, fingerprint: await fingerprint(keys) }
}
