/** Deployments as the API tells of them; `DeploymentDetail` says what each part means. */
import * as v from 'valibot'
import { BridgeStatus, ComponentStatus, DeploymentState, Reason } from '../../wire/mod.ts'

const Adds = v.record(v.string(), v.array(v.string()))

export const DeploymentSummaryJson = v.object({
  deployment: v.string(),
  blueprint: v.string(),
  system: v.string(),
  version: v.number(),
  state: DeploymentState,
  reasons: v.array(Reason),
  changedAt: v.string(),
  waiting: v.optional(v.object({ version: v.number(), receivedAt: v.string(), adds: Adds })),
})

export const DeploymentDetailJson = v.object({
  ...DeploymentSummaryJson.entries,
  components: v.array(
    v.object({
      ...ComponentStatus.entries,
      inPerSecond: v.optional(v.number()),
      outPerSecond: v.optional(v.number()),
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
})

/** What a decision about a waiting version came to. */
export const DecisionJson = v.looseObject({ deployment: v.string(), version: v.number(), state: v.string() })
