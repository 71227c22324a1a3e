/** Asks Runtimes for their inventory: on request, when their configuration has changed, and once in a while. */
import { base64url, type Clock, describeError, logOf, type Random } from '../base/mod.ts'
import { type Caller, exchanges, type Inventory } from '../wire/mod.ts'
import type { TenantStore } from './database.ts'
import { RuntimeAnswerOdd } from './errors.ts'
import { type RuntimeRow, takeInventory } from './runtimes.ts'

/** Without a change the inventory is asked for once an hour; a Runtime that could not be asked, once a minute. */
const INVENTORY_AGE_MAX_MS = 3_600_000
const ATTEMPT_GAP_MS = 60_000

export type PingDeps = {
  db: TenantStore
  callerOf: (runtime: string) => Caller
  clock: Clock
  random: Random
  signal: AbortSignal
}

export type Pings = {
  /** Asks now, and keeps the answer. Throws what the call throws. */
  ping(runtime: string): Promise<Inventory>
  /** Called when a heartbeat came: asks in the background if it is time. Resolves when there is nothing left to do. */
  afterHeartbeat(row: RuntimeRow): Promise<void>
}

const log = logOf('platform')

export function createPings(deps: PingDeps): Pings {
  const { clock } = deps
  const attemptedAtMs = new Map<string, number>()

  async function ping(runtime: string): Promise<Inventory> {
    const challenge = base64url(deps.random(16))
    const inventory = await deps.callerOf(runtime).call(exchanges.ping, { challenge }, { signal: deps.signal })
    if (inventory.challenge !== challenge) throw new RuntimeAnswerOdd('the inventory answers another challenge')
    await takeInventory(deps, runtime, inventory)
    return inventory
  }

  return {
    ping,
    async afterHeartbeat(row) {
      const now = clock.now()
      const isFresh = row.inventoryOf === row.configurationHash && now - (row.inventoryAtMs ?? 0) < INVENTORY_AGE_MAX_MS
      if (isFresh || row.left || now - (attemptedAtMs.get(row.id) ?? -Infinity) < ATTEMPT_GAP_MS) return
      attemptedAtMs.set(row.id, now)
      try {
        await ping(row.id)
        attemptedAtMs.delete(row.id)
      } catch (error) {
        if (!deps.signal.aborted)
          log.info('a Runtime could not be pinged', { runtime: row.id, error: describeError(error) })
      }
    },
  }
}
