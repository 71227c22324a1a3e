/** The Runtime's sign of life, and the ping that asks for its inventory. */
import * as v from 'valibot'
import { DeploymentState, Reason } from './deployment.ts'
import {
  Base64Url,
  Count,
  DeploymentId,
  HttpsUrl,
  Name,
  Pem,
  Port,
  RuntimeId,
  Sha256Hex,
  Time,
  Version,
} from './formats.ts'
import { recordOf } from './record-of.ts'

/** Head of the Runtime's audit trail: how many entries, the hash of the last, the Runtime's signature over both. */
const TrailHead = v.strictObject({ count: Count, hash: Sha256Hex, signature: Base64Url })

/** A deployment as its Runtime has it. */
export const DeploymentInForce = v.strictObject({
  deployment: DeploymentId,
  version: Version,
  state: DeploymentState,
  reasons: v.pipe(v.array(Reason), v.maxLength(32)),
})
export type DeploymentInForce = v.InferOutput<typeof DeploymentInForce>

/** Sent every 10 s, at once on a change, and when the process stops. */
export const Heartbeat = v.strictObject({
  version: v.pipe(v.string(), v.maxLength(32)),
  uptimeMs: Count,
  configurationHash: Sha256Hex,
  /** Those that changed last first; as many as fit into a message beside the rest. */
  deployments: v.pipe(v.array(DeploymentInForce), v.maxLength(1_024)),
  /** How many more there are, if not all fit. */
  deploymentsLeftOut: v.optional(Count),
  /** Where the Platform reaches the Management Interface. */
  managementUrl: HttpsUrl,
  bridgePort: Port,
  /** The Runtime's own CA. */
  authority: Pem,
  trail: TrailHead,
  /** True in the last one of a process that stops on purpose. */
  leaving: v.boolean(),
})
export type Heartbeat = v.InferOutput<typeof Heartbeat>
/**
 * A peer at the other end of a deployment's bridges whose part is not in force as this Runtime's is, as the Platform knows it: nothing
 * crosses to it or from it meanwhile.
 */
export const PeerStanding = v.strictObject({
  deployment: DeploymentId,
  peer: RuntimeId,
  /** The version that was asked of it last, how that stands there, and since when. */
  version: Version,
  state: DeploymentState,
  since: Time,
  /** The version that is in force there, if one is. */
  inForce: v.optional(Version),
})
export type PeerStanding = v.InferOutput<typeof PeerStanding>

/** Standings of peers in one answer: 256 × ≈ 250 B = 64 KiB. */
export const PEER_STANDINGS_MAX = 256

/** The Platform's time, and what it knows of the other ends of bridges. */
export const HeartbeatAnswer = v.strictObject({
  time: Time,
  peers: v.optional(v.pipe(v.array(PeerStanding), v.maxLength(PEER_STANDINGS_MAX))),
})

/** Asks for the inventory. */
export const Ping = v.strictObject({ challenge: Base64Url })
/** What a Runtime has, by names only. */
export const Inventory = v.strictObject({
  challenge: Base64Url,
  credentials: v.pipe(v.array(Name), v.maxLength(1_024)),
  libraries: v.pipe(v.array(v.strictObject({ name: Name, version: v.string() })), v.maxLength(1_024)),
  componentTypes: v.pipe(v.array(Name), v.maxLength(1_024)),
  bridgePort: Port,
  configurationHash: Sha256Hex,
  /** What the owner's policy allows, in words of the policy itself: key → value. */
  policy: recordOf(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  /** The last check of the Runtime's own state against what it has on record: hashes only, and the names of what differs. */
  drift: v.optional(
    v.strictObject({
      checkedAt: Time,
      hashes: recordOf(Name, Sha256Hex),
      differs: v.pipe(v.array(Name), v.maxLength(64)),
    }),
  ),
})
export type Inventory = v.InferOutput<typeof Inventory>
