/** Waiting for what happens by itself, with words for when it does not. */
import { systemClock } from '../../src/base/mod.ts'

/** Below the five seconds of a test that asks for no other time, so that one that waits in vain says what for. */
export const BRIEFLY_MS = 4_000

/** Waits until the condition holds and gives what it gave; fails after `timeoutMs`. It looks often at first, later every 25 ms. */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  timeoutMs = 40_000,
): Promise<NonNullable<T>> {
  const endMs = systemClock.monotonic() + timeoutMs
  for (let looks = 0; ; looks++) {
    const value = await condition()
    if (value) return value as NonNullable<T>
    if (systemClock.monotonic() > endMs) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await systemClock.sleep(Math.min(25, looks / 4))
  }
}
