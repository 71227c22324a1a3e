/** What both servers tell of a deployment in the same words. */
import * as v from 'valibot'
import { DeploymentState } from '../wire/mod.ts'

/** How its part stands at a peer, where that is not in force as the part of who is asked. */
export const PeerPartJson = v.object({
  runtime: v.string(),
  name: v.string(),
  /** What was asked of it last, and how that stands there. */
  version: v.number(),
  state: DeploymentState,
  since: v.string(),
  /** The version that is in force there, if one is. */
  inForce: v.optional(v.number()),
})

/**
 * A flow that came to its end by itself: since when (RFC 3339), how many records it had moved by then, into how many sinks, and how
 * many its components had refused. A record that two sinks took is counted by each.
 */
export const FinishedJson = v.object({
  ...{ at: v.string(), records: v.number(), sinks: v.number(), refused: v.number() },
})
