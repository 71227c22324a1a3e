/** What of the link to the Platform needs a person: none yet, silence, a clock that goes wrong, what it will never be told. */
import { nounFor } from '../../base/mod.ts'
import { CLOCK_AHEAD_MS } from '../../wire/mod.ts'
import type { AttentionLine } from '../attention.ts'

/** How the link to the Platform is (`enrolmentOf`), and since when this process runs. */
export type PlatformSeen = {
  nowMs: number
  uptimeMs: number
  platform: {
    state: string
    lastHeartbeatAnsweredMs?: number | undefined
    failure?: string | undefined
    /** The Platform's clock, seen from ours. */
    clockOffsetMs?: number | undefined
    owed: { auditLogs: number; status: number; lost: number }
  }
}

/** A Platform that has not answered for this long needs someone: three intervals and their jitter. */
export const SILENT_MS = 33_000
/** Half of what messages tolerate. */
export const CLOCK_OFFSET_WARN_MS = CLOCK_AHEAD_MS / 2

export function platformLines(seen: PlatformSeen): AttentionLine[] {
  if (seen.platform.state === 'none') return [NOT_ENROLLED]
  return [...silenceLines(seen), ...clockLines(seen), ...lostLines(seen)]
}

const NOT_ENROLLED: AttentionLine = {
  id: 'platform.none',
  state: 'awaiting-approval',
  word: 'not enrolled',
  what: 'This Runtime belongs to no Platform yet: enrol it',
  effect:
    'Have a code made there with `sluice enrolment-code create`; paste it here, or run: sluice runtime enrol CODE',
  cure: { label: 'Enrol this Runtime', href: '/welcome/enrol' },
}

function silenceLines({ platform, nowMs, uptimeMs }: PlatformSeen): AttentionLine[] {
  const sinceMs = platform.lastHeartbeatAnsweredMs ?? nowMs - uptimeMs
  if (nowMs - sinceMs < SILENT_MS) return []
  const owed = platform.owed.auditLogs + platform.owed.status
  return [
    {
      id: 'platform.silent',
      state: 'late',
      what: `The Platform does not answer${platform.failure === undefined ? '' : `: ${platform.failure}`}`,
      sinceMs,
      effect: `This Runtime works on; ${owed} ${nounFor(owed, 'message is', 'messages are')} kept for the Platform.`,
      cure: { label: 'Reload', href: '/' },
    },
  ]
}

function clockLines({ platform: { clockOffsetMs } }: PlatformSeen): AttentionLine[] {
  if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) < CLOCK_OFFSET_WARN_MS) return []
  const seconds = Math.round(Math.abs(clockOffsetMs) / 1_000)
  return [
    {
      id: 'platform.clock',
      state: 'late',
      what: `The clock of this machine is ${seconds} s ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} the Platform’s`,
      effect: `From ${CLOCK_AHEAD_MS / 1_000} s on messages are refused. Let the system’s time service set the clock.`,
      cure: { label: 'Reload', href: '/' },
    },
  ]
}

function lostLines({ platform: { owed } }: PlatformSeen): AttentionLine[] {
  if (owed.lost === 0) return []
  return [
    {
      id: 'platform.lost',
      state: 'failed',
      what: `${owed.lost} ${nounFor(owed.lost, 'message')} for the Platform could not be read from the disk any more`,
      effect:
        'Records are not among them; the Platform lacks these logs or reports. Check the volume of the data folder.',
      cure: { label: 'Reload', href: '/' },
    },
  ]
}
