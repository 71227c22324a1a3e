/**
 * Enrols this Runtime at the tenant that a code names. The attempt is kept before the first byte leaves, so that a crash at any step
 * is resumed with the same code and the same keys, and gets the same registration.
 */
import { base64url, type Clock } from '../../base/mod.ts'
import type { AgreementKey, SigningKey } from '../../crypto/mod.ts'
import {
  decodeEnrolmentCode,
  type EnrolmentCode,
  EnrolmentRefused,
  type EnrolmentRequest,
  openEnrolmentAnswer,
  RemoteFailure,
  sealEnrolmentRequest,
} from '../../wire/mod.ts'
import { AlreadyEnrolled, EnrolmentExpired, PlatformRefused } from '../errors.ts'
import type { EnrolmentRecord, Registration } from '../state/enrolment.ts'
import { type PlatformAddress, postToPlatform } from './platform-address.ts'

export type EnrolDeps = {
  record: EnrolmentRecord
  signing: SigningKey
  agreement: AgreementKey
  /** What this Runtime tells of itself: all but the secret and its keys. */
  describe: () => Promise<Omit<EnrolmentRequest, 'secret' | 'name' | 'signingKey' | 'agreementKey'>>
  post?: typeof postToPlatform
  /** Breaks off an exchange under way; the attempt stays. */
  signal?: AbortSignal
  clock: Clock
}

/**
 * Takes the code as it was pasted. Refuses `enrolment_code.malformed`, `enrolment.expired`, `enrolment.exists`, `enrolment.refused`;
 * when the Platform cannot be reached the attempt stays, and `resumeEnrolment` takes it up again.
 */
export async function enrol(deps: EnrolDeps, text: string, name: string): Promise<Registration> {
  const code = decodeEnrolmentCode(text)
  if (await deps.record.registration()) throw new AlreadyEnrolled('this Runtime is enrolled already')
  await deps.record.begin({ name, code: text, platformUrl: code.platform, tenant: code.tenant })
  return attempt(deps, code, name)
}

/** Goes on with an attempt that a crash or an unreachable Platform interrupted; `undefined` when there is none. */
export async function resumeEnrolment(deps: EnrolDeps): Promise<Registration | undefined> {
  const begun = await deps.record.attempt()
  return begun && attempt(deps, decodeEnrolmentCode(begun.code), begun.name)
}

async function attempt(deps: EnrolDeps, code: EnrolmentCode, name: string): Promise<Registration> {
  try {
    const registration = await ask(deps, code, name)
    await deps.record.complete(registration)
    return registration
  } catch (error) {
    const refused = error instanceof PlatformRefused && error.status >= 400 && error.status < 500
    if (!refused && !(error instanceof EnrolmentRefused) && !(error instanceof EnrolmentExpired)) throw error
    await deps.record.giveUp()
    if (!refused) throw error
    // `enrolment_code.used` or `runtime.name_taken` say more than that it was refused.
    if (error.problem) {
      const { code, detail, advice } = error.problem
      throw new RemoteFailure(code, error.status === 409 ? 'conflict' : 'forbidden', detail, advice)
    }
    throw new EnrolmentRefused('the Platform refused the enrolment code', { cause: error })
  }
}

async function ask(deps: EnrolDeps, code: EnrolmentCode, name: string): Promise<Registration> {
  if (Date.parse(code.expires) <= deps.clock.now()) throw new EnrolmentExpired(`the code expired at ${code.expires}`)
  const { signing, agreement, signal, post = postToPlatform } = deps
  const request = await sealEnrolmentRequest(
    {
      ...(await deps.describe()),
      secret: code.secret,
      name,
      signingKey: base64url(signing.publicKey),
      agreementKey: base64url(agreement.publicKey),
    },
    { code, key: signing },
  )
  const address: PlatformAddress = {
    platformUrl: code.platform,
    tenant: code.tenant,
    platformAuthority: code.authority,
  }
  const body = await post(address, 'enrolment', { body: request, contentType: 'application/json', signal })
  const answer = await openEnrolmentAnswer(body, { code, agreement, request })
  const { runtime, tenant, tenantName, signingKey, agreementKey, heartbeatIntervalMs } = answer
  return { ...address, runtime, name, tenant, tenantName, signingKey, agreementKey, heartbeatIntervalMs }
}
