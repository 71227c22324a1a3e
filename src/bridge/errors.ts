/** What a bridge refuses, by name. A stranger sees none of this: towards him every failure is the same closed connection. */
import { AppError } from '../base/mod.ts'

/** The handshake did not succeed. One same error for every reason; the cause is for the local log only. */
export class BridgeHandshakeRefused extends AppError {
  override readonly code = 'bridge.handshake_refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice =
    'Check that both Runtimes accepted each other as peers, and that the same version of the deployment is in force on both.'
}

/** A frame was forged, cut, repeated, out of order, too long or out of place: the channel is closed and a new one made. */
export class ChannelBroken extends AppError {
  override readonly code = 'bridge.channel_broken' as const
  override readonly kind = 'unavailable' as const
}

/** The peer's bridge port could not be reached, or its certificate is not of its authority. */
export class BridgeUnreachable extends AppError {
  override readonly code = 'bridge.unreachable' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    "Check the peer's address, its firewall (port 32100 by default) and that its CA is the one of its introduction."
}

/** The peer's port takes connections and closes those of this bridge: it is not in force there, or speaks under another authority. */
export class BridgeNotInForce extends AppError {
  override readonly code = 'bridge.not_in_force' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    'See on the peer whether the same version is in force there: it may wait for approval, or have been refused or stopped.'
}

/** This end of the bridge was closed; what it still held was not acknowledged and comes again after a restart. */
export class BridgeClosed extends AppError {
  override readonly code = 'bridge.closed' as const
  override readonly kind = 'unavailable' as const
  /** An end that was closed stays so: writing to it again is refused again. */
  readonly retryable = false
}

/** One batch is larger than the whole window. It stays so however often it is sent, so the flow that made it fails. */
export class BatchTooLarge extends AppError {
  override readonly code = 'bridge.batch_too_large' as const
  override readonly advice =
    'Make the records smaller before they cross, or add less to each; a batch must fit into the 8 MiB window of a bridge.'
}
