/** Why an end of a bridge closes on purpose: told in its last frame, so that the other end can say more than that nobody comes. */
import type { Bytes } from '../base/mod.ts'

/** `stopped`: its deployment was. `replaced`: it is started anew, perhaps with another version. `leaving`: its Runtime ends. */
export type Leaving = 'ended' | 'stopped' | 'replaced' | 'leaving' | 'failed'

const BYTES: Readonly<Record<Leaving, number>> = { ended: 1, stopped: 2, replaced: 3, leaving: 4, failed: 5 }

/** What is told of a peer that has left so. */
const REASONS = {
  ended: { code: 'bridge.peer_ended' },
  stopped: { code: 'bridge.peer_stopped' },
  replaced: { code: 'bridge.peer_restarting' },
  leaving: { code: 'bridge.peer_leaving' },
  failed: { code: 'bridge.peer_failed' },
} as const

/** The payload of a `close` frame: one byte. */
export function writeLeaving(leaving: Leaving): Bytes {
  return Uint8Array.of(BYTES[leaving])
}

/** Why the peer closed; `undefined` where it did not say, or says what this version does not know. */
export function readLeaving(payload: Bytes): { code: string } | undefined {
  const found = (Object.keys(BYTES) as Leaving[]).find((one) => payload.byteLength === 1 && BYTES[one] === payload[0])
  return found && REASONS[found]
}
