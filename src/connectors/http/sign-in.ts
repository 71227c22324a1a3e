/**
 * Who asks, where that is made from a credential or fetched with it: kept until it ends, and made anew when the site refuses it. By the
 * site's clock, since what is signed with a time is refused where clocks differ.
 */
import { type Clock, codeOf } from '../../base/mod.ts'
import type { SiteClient } from './site-client.ts'

/** A clock that is further off than this is a reason to sign again with the other's. */
const SKEW_MS = 30_000
/** So long before it ends it is made anew: a request takes time. */
const MARGIN_MS = 60_000

/** A clock that is said to be further off is not gone by: what is signed would hold on a day that nobody meant. */
const AHEAD_MS_MAX = 86_400_000

export type SignInContext = {
  secret: Readonly<Record<string, string>>
  /** The site where one signs in, told nothing but what is asked here. */
  door: SiteClient
  /** Milliseconds since 1970 there. */
  nowMs: number
}
/** `untilMs`: when it ends, by the same clock. */
export type SignedIn = { headers: Readonly<Record<string, string>>; untilMs: number }

export type SignInDeps = {
  make: (context: SignInContext) => Promise<SignedIn>
  secret: () => Promise<Readonly<Record<string, string>>>
  door: SiteClient
  clock: Clock
  /** How far the clock is ahead that what is signed is read by. */
  aheadMs: () => number
}

export type SignIn = {
  headers(): Promise<Readonly<Record<string, string>>>
  /** The site refused it. */
  forget(): void
}

export function signIn({ make, secret, door, clock, aheadMs: toldMs }: SignInDeps): SignIn {
  let kept: SignedIn | undefined
  const aheadMs = (): number => (Math.abs(toldMs()) <= AHEAD_MS_MAX ? toldMs() : 0)
  const made = async (): Promise<SignedIn> => {
    const takenMs = aheadMs()
    try {
      return await make({ secret: await secret(), door, nowMs: clock.now() + takenMs })
    } catch (error) {
      // Its refusal told what time it is there.
      const isOff = Math.abs(aheadMs() - takenMs) > SKEW_MS
      if (!REFUSED.has(codeOf(error)) || !isOff) throw error
      return make({ secret: await secret(), door, nowMs: clock.now() + aheadMs() })
    }
  }
  return {
    async headers() {
      if (!kept || kept.untilMs - MARGIN_MS <= clock.now() + aheadMs()) kept = await made()
      return kept.headers
    },
    forget() {
      kept = undefined
    },
  }
}

const REFUSED = new Set(['connector.site_refused', 'connector.credential_refused'])
