/** How a Runtime becomes known to a Platform Tenant, and the code that starts it. */
import * as v from 'valibot'
import { Base64Url, Count, HttpsUrl, Name, Pem, Port, PublicKeyText, RuntimeId, TenantId, Time } from './formats.ts'
import { Inventory } from './heartbeat.ts'

/** What an enrolment code carries, as base64url of its JSON behind `slx_`; shown once, its secret stored hashed. */
export const EnrolmentCode = v.strictObject({
  v: v.literal(1),
  platform: HttpsUrl,
  tenant: TenantId,
  /** RFC 7638 thumbprints of the tenant's signing and agreement keys. */
  signingKid: Base64Url,
  agreementKey: PublicKeyText,
  /** The Platform's CA, where it is a private one. */
  authority: v.optional(Pem),
  secret: v.pipe(Base64Url, v.length(43)),
  expires: Time,
})
export type EnrolmentCode = v.InferOutput<typeof EnrolmentCode>

/** Inside the HPKE seal and the Runtime's own signature. */
export const EnrolmentRequest = v.strictObject({
  secret: v.pipe(Base64Url, v.length(43)),
  name: Name,
  signingKey: PublicKeyText,
  agreementKey: PublicKeyText,
  managementUrl: HttpsUrl,
  bridgePort: Port,
  authority: Pem,
  version: v.string(),
  inventory: v.omit(Inventory, ['challenge']),
})
export type EnrolmentRequest = v.InferOutput<typeof EnrolmentRequest>

/** Inside the seal to the Runtime's new agreement key and the tenant's signature. */
export const EnrolmentAnswer = v.strictObject({
  runtime: RuntimeId,
  tenant: TenantId,
  tenantName: v.pipe(v.string(), v.maxLength(128)),
  signingKey: PublicKeyText,
  agreementKey: PublicKeyText,
  heartbeatIntervalMs: Count,
})
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswer>

/** What one Runtime's owner hands to another so that the two may bridge; PROTOCOL.md, Peers. As text: `slp_` + a JWS by its signing key. */
export const PeerIntroduction = v.strictObject({
  v: v.literal(1),
  runtime: RuntimeId,
  name: Name,
  signingKey: PublicKeyText,
  agreementKey: PublicKeyText,
  authority: Pem,
  /** Where its port 32100 is reached. */
  bridgeHost: v.pipe(v.string(), v.maxLength(255)),
  bridgePort: Port,
})
export type PeerIntroduction = v.InferOutput<typeof PeerIntroduction>
