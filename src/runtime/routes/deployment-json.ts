/** Deployments as the API tells of them; `DeploymentDetail` says what each part means. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { FinishedJson, PeerPartJson } from '../../server/mod.ts'
import { BridgeStatus, ComponentStatus, DeploymentState, Reason } from '../../wire/mod.ts'
import type { DeploymentDetail, DeploymentSummary } from '../deployment-detail.ts'
import { curesOf } from '../deployments/reasons.ts'
import type { RefusedVersion } from '../state/refusals.ts'

const Adds = v.record(v.string(), v.array(v.string()))

export const DeploymentSummaryJson = v.object({
  deployment: v.string(),
  blueprint: v.string(),
  system: v.string(),
  version: v.number(),
  state: DeploymentState,
  /** `message` and `advice`, in the program's own words, are told on the Runtime only. */
  reasons: v.array(v.object({ ...Reason.entries, message: v.optional(v.string()), advice: v.optional(v.string()) })),
  changedAt: v.string(),
  waiting: v.optional(v.object({ version: v.number(), receivedAt: v.string(), adds: Adds })),
})

/** The newest version of a deployment that was refused here, until a version of it is taken; `blueprint` where the tenant's word was verified. */
export const RefusedVersionJson = v.object({
  ...{ deployment: v.string(), version: v.number(), blueprint: v.optional(v.string()) },
  ...{ reasons: v.array(Reason), refusedAt: v.string(), advice: v.string() },
})

export function refusedJson({ refusedAtMs, ...refused }: RefusedVersion): v.InferOutput<typeof RefusedVersionJson> {
  return { ...refused, refusedAt: rfc3339(refusedAtMs), advice: curesOf(refused.reasons) }
}

export const DeploymentDetailJson = v.object({
  ...DeploymentSummaryJson.entries,
  components: v.array(
    v.object({
      ...ComponentStatus.entries,
      inPerSecond: v.optional(v.number()),
      outPerSecond: v.optional(v.number()),
      /** Since when it has had its reason without a break. */
      reasonSince: v.optional(v.string()),
    }),
  ),
  bridges: v.array(
    v.object({
      ...BridgeStatus.entries,
      from: v.string(),
      to: v.array(v.string()),
      direction: v.picklist(['in', 'out']),
      /** What the owner's list of peers calls the Runtime at its other end; its id where it is not on it. */
      peerName: v.string(),
    }),
  ),
  wiring: v.array(v.object({ name: v.string(), type: v.string(), from: v.array(v.string()) })),
  worker: v.optional(
    v.object({ pid: v.optional(v.number()), rssBytes: v.number(), memoryBytesMax: v.number(), restarts: v.number() }),
  ),
  deadLetters: v.number(),
  /** Peers between which and this Runtime nothing crosses, since their part is not in force as ours is, as the Platform says. */
  peers: v.array(PeerPartJson),
  /** Its sources came to their end: since when, and how many records left the flow. */
  finished: v.optional(FinishedJson),
})

/** As the API tells it: instants as RFC 3339. */
export function summaryJson<Summary extends DeploymentSummary>({ changedAtMs, waiting, ...summary }: Summary) {
  return { ...summary, changedAt: rfc3339(changedAtMs), ...(waiting && { waiting: waitingJson(waiting) }) }
}

function waitingJson({ receivedAtMs, ...waiting }: NonNullable<DeploymentSummary['waiting']>) {
  return { ...waiting, receivedAt: rfc3339(receivedAtMs) }
}

/** The same of a deployment in full. */
export function detailJson({ finished, ...detail }: DeploymentDetail) {
  if (!finished) return summaryJson(detail)
  const { atMs, ...moved } = finished
  return { ...summaryJson(detail), finished: { at: rfc3339(atMs), ...moved } }
}

/** What a decision about a waiting version came to. */
export const DecisionJson = v.looseObject({ deployment: v.string(), version: v.number(), state: v.string() })
