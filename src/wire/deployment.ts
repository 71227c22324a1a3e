/** What the Platform asks a Runtime to do for a deployment: the assignment, its manifest, and the typed answers. */
import * as v from 'valibot'
import {
  Base64Url,
  BridgeId,
  Code,
  Count,
  DeploymentId,
  Name,
  Port,
  RuntimeId,
  Sha256Hex,
  TenantId,
  Time,
  Version,
} from './formats.ts'
import { recordOf } from './record-of.ts'

/** Components of one Blueprint, and so of one assignment. */
export const COMPONENTS_MAX = 256

/** Every state a deployment or a component can be in (PROTOCOL.md, Deployments). */
export const DeploymentState = v.picklist([
  'received',
  'awaiting-approval',
  'preparing',
  'running',
  'draining',
  'stopped',
  'failed',
  'refused',
])
export type DeploymentState = v.InferOutput<typeof DeploymentState>

/** Class of a field. */
export const Classification = v.picklist(['public', 'restricted'])
export type Classification = v.InferOutput<typeof Classification>

/** A file of code, known by its content. */
export const CodeReference = v.strictObject({ sha256: Sha256Hex, bytes: Count })
export type CodeReference = v.InferOutput<typeof CodeReference>

/** One component placed on the Runtime that gets this assignment. */
export const AssignedComponent = v.strictObject({
  name: Name,
  type: Name,
  /** Names of the components whose records it takes; a remote one comes in by a bridge of this assignment. */
  from: v.pipe(v.array(Name), v.maxLength(COMPONENTS_MAX)),
  /** Checked against the component type's own schema on the Runtime. Sealed in transport. */
  config: recordOf(v.string(), v.unknown()),
  code: v.optional(CodeReference),
})
export type AssignedComponent = v.InferOutput<typeof AssignedComponent>

/** One end of a Secure Bridge. The peer's keys are not here: they come from the Runtime owner's own list of peers. */
export const AssignedBridge = v.strictObject({
  bridge: BridgeId,
  /** Opaque DNS label, the SNI of the bridge's TLS connection. */
  label: v.pipe(v.string(), v.regex(/^[a-z0-9]{16,63}$/)),
  /** Direction of the records, seen from this Runtime. */
  direction: v.picklist(['out', 'in']),
  /** The component whose records cross, on the sending side. */
  from: Name,
  /** The components that take them, on the receiving side. */
  to: v.pipe(v.array(Name), v.minLength(1), v.maxLength(COMPONENTS_MAX)),
  peer: RuntimeId,
  /** Whether this Runtime waits for the connection or makes it. */
  role: v.picklist(['listen', 'dial']),
  /** Where to dial, if this Runtime dials. */
  address: v.optional(v.strictObject({ host: v.pipe(v.string(), v.maxLength(255)), port: Port })),
  generation: Version,
  /** The shared secret, 32 bytes, base64url. Sealed in transport. */
  secret: Base64Url,
})
export type AssignedBridge = v.InferOutput<typeof AssignedBridge>

/** What one Runtime is to do for one version of a deployment. */
export const Assignment = v.strictObject({
  format: v.literal(1),
  tenant: TenantId,
  runtime: RuntimeId,
  deployment: DeploymentId,
  version: Version,
  blueprint: Name,
  system: Name,
  issuedAt: Time,
  components: v.pipe(v.array(AssignedComponent), v.minLength(1), v.maxLength(COMPONENTS_MAX)),
  bridges: v.pipe(v.array(AssignedBridge), v.maxLength(COMPONENTS_MAX)),
  /** Class of each named field; a field that is not named is public. */
  classification: recordOf(v.string(), Classification),
})
export type Assignment = v.InferOutput<typeof Assignment>

/** SHA-256 of everything in an assignment, each over the JCS form (RFC 8785) or, for code, over its bytes. */
export const Manifest = v.strictObject({
  assignment: Sha256Hex,
  components: recordOf(Name, Sha256Hex),
  code: v.pipe(v.array(CodeReference), v.maxLength(COMPONENTS_MAX)),
})
export type Manifest = v.InferOutput<typeof Manifest>

/** A document some of whose fields are sealed by HPKE; PROTOCOL.md, Deployments. */
export const SealedDocument = v.strictObject({
  /** The HPKE encapsulated key, base64url. */
  enc: Base64Url,
  /** The document without its sealed fields. */
  envelope: recordOf(v.string(), v.unknown()),
  /** JSON pointer → sealed JCS form of the value there, base64url; opened in the order of the pointers. */
  sealed: recordOf(v.string(), Base64Url),
})
export type SealedDocument = v.InferOutput<typeof SealedDocument>

/** What the Platform asks: to put a version in force, or to stop the deployment. */
export const DeploymentRequest = v.variant('action', [
  v.strictObject({
    action: v.literal('apply'),
    deployment: DeploymentId,
    version: Version,
    assignment: SealedDocument,
    manifest: Manifest,
    /** Detached JWS of the tenant over the JCS form of the opened assignment; kept and verified again at every start. */
    signature: v.pipe(v.string(), v.maxLength(1_024)),
  }),
  v.strictObject({
    action: v.literal('stop'),
    deployment: DeploymentId,
    version: Version,
  }),
])
export type DeploymentRequest = v.InferOutput<typeof DeploymentRequest>

/** Why something was not done: a stable code, the item it is about, in the words of the Blueprint, and the component; never content. */
export const Reason = v.strictObject({
  code: Code,
  component: v.optional(Name),
  item: v.optional(v.pipe(v.string(), v.maxLength(256))),
})
export type Reason = v.InferOutput<typeof Reason>

/** What came of an `apply`. */
const DeploymentOutcome = v.picklist([
  'applied',
  'partly-applied',
  'awaiting-approval',
  'needs-code',
  'refused',
  'not-understood',
])

/** Sealed back to the Platform as in RFC 9458 §4.4 when it answers an `apply`. */
export const DeploymentResult = v.strictObject({
  outcome: DeploymentOutcome,
  state: DeploymentState,
  reasons: v.pipe(v.array(Reason), v.maxLength(COMPONENTS_MAX)),
  /** Hashes of code that the Runtime lacks; the Platform sends it by `code` messages and then the same deployment again. */
  lacking: v.pipe(v.array(Sha256Hex), v.maxLength(COMPONENTS_MAX)),
})
export type DeploymentResult = v.InferOutput<typeof DeploymentResult>

/** A `DeploymentResult` sealed back to the Platform. */
export const SealedResult = v.strictObject({ nonce: Base64Url, sealed: Base64Url })
/** The answer to a `DeploymentRequest`. */
export const DeploymentAnswer = v.variant('action', [
  v.strictObject({ action: v.literal('apply'), result: SealedResult }),
  v.strictObject({ action: v.literal('stop'), state: DeploymentState }),
])
export type DeploymentAnswer = v.InferOutput<typeof DeploymentAnswer>

/** A chunk of one code file, sealed by HPKE Auth to the Runtime; the whole is checked against its hash. */
export const CodeChunk = v.strictObject({
  sha256: Sha256Hex,
  bytes: Count,
  offset: Count,
  enc: Base64Url,
  sealed: Base64Url,
})
export type CodeChunk = v.InferOutput<typeof CodeChunk>
/** Bytes of the file received so far. */
export const CodeAnswer = v.strictObject({ received: Count })
