/** One thing that was looked at, for people who look after a server: how it is, and what to do where it is not well. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, type Clock, describeError, rfc3339 } from '../base/mod.ts'

/** `ok` ✓ · `warn` ! works, and should not stay so · `bad` ✗ · `skipped` – could not be looked at, or does not apply. */
export type Verdict = 'ok' | 'warn' | 'bad' | 'skipped'
export type Check = { name: string; verdict: Verdict; found: string; advice?: string | undefined }
export type Found = Omit<Check, 'name'>

/** A file that is newer than the clock by more shows that the clock was set back. */
const CLOCK_BACK_MS_MAX = 60_000

/** Looks, and makes of a failure a verdict: what it says is found, what it advises is to be done. */
export async function look(name: string, work: () => Promise<Found> | Found): Promise<Check> {
  try {
    return { name, ...(await work()) }
  } catch (error) {
    const advice = error instanceof AppError ? error.advice : undefined
    return { name, verdict: 'bad', found: describeError(error), ...(advice !== undefined && { advice }) }
  }
}

export function ok(found: string): Found {
  return { verdict: 'ok', found }
}

export function skipped(found: string): Found {
  return { verdict: 'skipped', found }
}

/** Whether what is in the folder was written before now. */
export async function checkClock(folder: string, clock: Pick<Clock, 'now'>): Promise<Found> {
  const names = await readdir(folder).catch(() => [])
  const times = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)))
  const newest = Math.max(0, ...times.map((one) => one?.mtimeMs ?? 0))
  const now = rfc3339(clock.now())
  if (newest - clock.now() <= CLOCK_BACK_MS_MAX) return ok(now)
  return {
    verdict: 'bad',
    found: `it is ${now}, and the data folder was written at ${rfc3339(newest)}`,
    advice: 'Set the clock and keep it right with NTP: signed messages hold for a minute.',
  }
}
