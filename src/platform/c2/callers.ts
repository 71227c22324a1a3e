/** One caller for each Runtime, so that its sequence numbers count up for as long as this process lives. */
import { type Clock, fromBase64url, type Random } from '../../base/mod.ts'
import { importVerifyKey } from '../../crypto/mod.ts'
import { type Caller, createCaller, type Self } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { runtimeById } from '../runtimes.ts'
import { type DialDeps, postToRuntime } from './dial.ts'

export type CallersDeps = {
  db: TenantStore
  self: Self
  incarnation: string
  dial: DialDeps
  clock: Clock
  random: Random
}

/** Gives the caller of a Runtime; where it is reached and by which key it answers is looked up at each call. */
export function runtimeCallers(deps: CallersDeps): (runtime: string) => Caller {
  const callers = new Map<string, Caller>()
  return (runtime) => {
    const known = callers.get(runtime)
    if (known) return known
    const caller = createCaller({
      ...deps,
      to: runtime,
      verifyKeyOf: async (kid) => {
        const row = await runtimeById(deps.db, runtime)
        return row.signingKid === kid ? importVerifyKey(fromBase64url(row.signingKey)) : undefined
      },
      post: async (token, signal) => postToRuntime(deps.dial, await runtimeById(deps.db, runtime), token, signal),
    })
    callers.set(runtime, caller)
    return caller
  }
}
