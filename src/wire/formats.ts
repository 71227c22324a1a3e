/** The forms that fields of every message share: ids, hashes, times, names, bytes as text. Bounded, so that no field can grow. */
import * as v from 'valibot'
import { naming } from '../base/mod.ts'

/** Longest name a person gives to something: a component, a system, a Runtime. */
const NAME_LENGTH_MAX = 64

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'

export function idOf<Prefix extends string>(prefix: Prefix) {
  return v.custom<`${Prefix}_${string}`>(
    (value) => typeof value === 'string' && new RegExp(`^${prefix}_${uuid}$`).test(value),
    naming(`expected an id that begins with ${prefix}_`),
  )
}

/** Id of a Platform Tenant. */
export const TenantId = idOf('ten')
/** Id of a Runtime, given at enrolment. */
export const RuntimeId = idOf('rt')
/** Id of a deployment, the same for all its versions. */
export const DeploymentId = idOf('dep')
/** Id of one Secure Bridge of one version of a deployment. */
export const BridgeId = idOf('br')
/** Id of a message: what makes it idempotent. */
export const MessageId = idOf('msg')
export type TenantId = v.InferOutput<typeof TenantId>
export type RuntimeId = v.InferOutput<typeof RuntimeId>
export type DeploymentId = v.InferOutput<typeof DeploymentId>
export type BridgeId = v.InferOutput<typeof BridgeId>
export type MessageId = v.InferOutput<typeof MessageId>

/** Lower-case letters, digits, `-` and `_`, a letter first: names of systems, components, Runtimes, credentials, blueprints. */
export const Name = v.pipe(
  v.string(),
  v.maxLength(NAME_LENGTH_MAX),
  v.regex(/^[a-z][a-z0-9_-]*$/, naming('expected a name of a-z, 0-9, `-` and `_`, a letter first')),
)
/** A stable code such as `bridge.peer_unknown`. */
export const Code = v.pipe(v.string(), v.maxLength(96), v.regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/))
/** SHA-256 as lower-case hex. */
export const Sha256Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex'))
/** Bytes as base64url without padding. */
export const Base64Url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]*$/, 'must be base64url'))
/** A P-256 point of 65 bytes, base64url. */
export const PublicKeyText = v.pipe(v.string(), v.length(87), v.regex(/^[A-Za-z0-9_-]+$/))
/** RFC 3339 in UTC. */
export const Time = v.pipe(v.string(), v.maxLength(32), v.isoTimestamp())
/** A whole number of things, from 0. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** The number of a version or generation, from 1; a billion of them is one a second for thirty years. */
export const Version = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000_000))
/** A TCP port. */
export const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))
/** One certificate in PEM. */
export const Pem = v.pipe(v.string(), v.maxLength(8_192), v.startsWith('-----BEGIN CERTIFICATE-----'))
/** An https URL. */
export const HttpsUrl = v.pipe(v.string(), v.maxLength(512), v.url(), v.startsWith('https://'))
