/** When a connector runs by itself: a cron expression of five fields, in a time zone. */
import { Cron } from 'croner'
import { ConnectorUnfit } from './errors.ts'

export type Schedule = { cron: string | null; timeZone: string }

const CRON_LENGTH_MAX = 128

/** Refuses `connector.unfit` for what is no such expression, no zone of this host, or never comes. */
export function checkSchedule({ cron, timeZone }: Schedule, nowMs: number): void {
  if (!isZone(timeZone)) throw new ConnectorUnfit(`timeZone must be the name of a time zone, such as Europe/Berlin`)
  if (cron === null) return
  if (cron.length > CRON_LENGTH_MAX) throw new ConnectorUnfit(`cron must have at most ${CRON_LENGTH_MAX} characters`)
  const next = nextOf(cron, timeZone, nowMs)
  if (next === undefined)
    throw new ConnectorUnfit('cron must be five fields, such as `*/15 * * * *`, that come at some time')
}

/** The first time after that one, ms since 1970; `undefined` for one that does not run by itself. */
export function nextRunMs({ cron, timeZone }: Schedule, afterMs: number): number | undefined {
  return cron === null ? undefined : nextOf(cron, timeZone, afterMs)
}

function nextOf(cron: string, timezone: string, afterMs: number): number | undefined {
  try {
    // Without a function it is a calculation and no job.
    return new Cron(cron, { timezone, mode: '5-part' }).nextRun(new Date(afterMs))?.getTime()
  } catch {
    return undefined
  }
}

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
