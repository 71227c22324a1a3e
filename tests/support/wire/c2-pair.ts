/** A tenant's door and a Runtime's caller joined without a network, and what a thief on the wire between them would hold. */
import { base64url } from '../../../src/base/mod.ts'
import {
  type Caller,
  createCaller,
  createDoor,
  type Door,
  exchanges,
  type Handler,
  handle,
  ReplayWindow,
} from '../../../src/wire/mod.ts'
import { answersInMemory, FakeClock, type Party, party, RUNTIME, STRANGER, seededRandom, TENANT } from './parties.ts'

export type Pair = {
  tenant: Party
  runtime: Party
  stranger: Party
  clock: FakeClock
  door: Door
  caller: Caller
  /** Heartbeats that the tenant's handler took. */
  taken: string[]
  /** Every token that went to the door and every answer that came out. */
  wire: { asked: string[]; answered: string[] }
  /** Starts the tenant's process again: no nonces, a new start time, the same durable answers. */
  restart(): Door
  doorWith(handlers: Handler[]): Door
  callerOf(who: Party, options?: { to?: string }): Caller
}

export async function c2Pair(seed = 'pair'): Promise<Pair> {
  const [tenant, runtime, stranger] = await Promise.all([
    party(TENANT, 'tenant'),
    party(RUNTIME, 'runtime'),
    party(STRANGER, 'stranger'),
  ])
  const clock = new FakeClock()
  const random = seededRandom(seed)
  const answers = answersInMemory()
  const taken: string[] = []
  const wire = { asked: [] as string[], answered: [] as string[] }
  const handlers = [
    handle(exchanges.heartbeat, async (_, { id }) => {
      taken.push(id)
      return { time: new Date(clock.now()).toISOString() }
    }),
    handle(exchanges.auditLogs, async ({ first, entries }) => ({ through: first + entries.length - 1 })),
  ]
  const doorWith = (list: Handler[]): Door =>
    createDoor({
      self: { id: tenant.id, key: tenant.signing },
      verifyKeyOf: async (from, kid) =>
        from === runtime.id && kid === runtime.signing.kid ? runtime.verifyKey : undefined,
      nonces: new ReplayWindow(clock),
      answers,
      clock,
      random,
      incarnation: base64url(random(16)),
      startedAtMs: clock.now(),
      handlers: list,
    })
  let door = doorWith(handlers)
  const post = async (token: string): Promise<string> => {
    wire.asked.push(token)
    const answer = await door.receive(token)
    wire.answered.push(answer)
    return answer
  }
  const callerOf = (who: Party, options: { to?: string } = {}): Caller =>
    createCaller({
      self: { id: who.id, key: who.signing },
      to: options.to ?? tenant.id,
      verifyKeyOf: async (kid) => (kid === tenant.signing.kid ? tenant.verifyKey : undefined),
      post,
      incarnation: base64url(random(16)),
      clock,
      random,
    })
  return {
    tenant,
    runtime,
    stranger,
    clock,
    get door() {
      return door
    },
    caller: callerOf(runtime),
    taken,
    wire,
    restart() {
      door = doorWith(handlers)
      return door
    },
    doorWith,
    callerOf,
  }
}

/** Runs what should be refused and gives the refusal's own reason; `undefined` when it was not refused. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : String(error)
  }
}
