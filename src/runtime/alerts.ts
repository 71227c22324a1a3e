/** This Runtime's own alerts: what its overview says needs a person is told by webhook and mail, with or without a Platform. */
import { type Alerts, type Condition, openAlerts } from '../alerts/mod.ts'
import type { Random } from '../base/mod.ts'
import { openWrappingKey } from '../keys/mod.ts'
import type { AttentionLine } from './attention.ts'
import type { RuntimeState } from './open-state.ts'
import { type StatusView, statusOf } from './status.ts'

type AlertsDeps = Pick<StatusView, 'name' | 'clock'> & {
  state: Pick<RuntimeState, 'db' | 'keyring' | 'enrolment'>
  random: Random
  closing: AbortSignal
}

/** A Runtime without a Platform is no accident: its pages say so, and nobody is woken for it. */
const UNTOLD = new Set(['platform.none'])

export function openRuntimeAlerts(deps: AlertsDeps): Alerts {
  const { name, clock, random, state, closing } = deps
  return openAlerts({
    ...{ db: state.db, clock, random, closing, server: `Runtime ${name}` },
    sealing: () => openWrappingKey(state.keyring, 'sealing', 'alerts'),
    source: async () => {
      const registration = await state.enrolment.registration()
      return `urn:sluice:runtime:${registration?.runtime ?? encodeURIComponent(name)}`
    },
  })
}

/** One look at what the overview shows. */
export async function lookForAlerts(alerts: Pick<Alerts, 'notice'>, deps: StatusView): Promise<void> {
  const { attention, nowMs } = await statusOf(deps)
  const told = attention.filter(({ id }) => !UNTOLD.has(id))
  await alerts.notice(told.map((line) => conditionOf(line, nowMs)))
}

function conditionOf({ id, what, effect, sinceMs }: AttentionLine, nowMs: number): Condition {
  return { id, what, effect: effect.replace(/\.$/, ''), sinceMs: sinceMs ?? nowMs }
}
