/** Everything between an enrolled Runtime and its tenant: the signed door, heartbeats, and what is owed. */
import { type Clock, fromBase64url, type Log, type Random } from '../../base/mod.ts'
import { importVerifyKey, type SigningKey, thumbprint } from '../../crypto/mod.ts'
import {
  type AnswerMemory,
  type AuditLog,
  type Caller,
  createCaller,
  createDoor,
  type DeploymentStatus,
  type Door,
  exchanges,
  type Handler,
  type Heartbeat,
  type PeerStanding,
  ReplayWindow,
} from '../../wire/mod.ts'
import type { Registration } from '../state/enrolment.ts'
import { Heartbeats, type LinkState } from './heartbeats.ts'
import { postToPlatform } from './platform-address.ts'

/** Bounds on what a Platform may make the heartbeat cost: once a second at most, once in ten minutes at least. */
const INTERVAL_MIN_MS = 1_000
const INTERVAL_MAX_MS = 600_000

export type PlatformLinkDeps = {
  registration: Registration
  signing: SigningKey
  handlers: Handler[]
  answers: AnswerMemory
  heartbeat: (leaving: boolean) => Promise<Heartbeat>
  /** Drawn at the start of this process: 128 bits, base64url. */
  incarnation: string
  startedAtMs: number
  post?: typeof postToPlatform
  clock: Clock
  random: Random
  log: Log
}

export class PlatformLink {
  readonly #door: Door
  readonly #caller: Caller
  readonly #heartbeats: Heartbeats
  #clockOffsetMs: number | undefined
  #farSides: readonly PeerStanding[] = []
  readonly #tenantKey: Promise<{ kid: string; key: CryptoKey }>

  constructor(deps: PlatformLinkDeps) {
    const { registration, signing, clock, random, incarnation, log, post = postToPlatform } = deps
    const { tenant, heartbeatIntervalMs } = registration
    const self = { id: registration.runtime, key: signing }
    this.#tenantKey = tenantKey(registration)
    this.#door = createDoor({
      ...{ self, incarnation, clock, random, answers: deps.answers, handlers: deps.handlers },
      verifyKeyOf: async (from, kid) => (from === tenant ? this.#keyOf(kid) : undefined),
      nonces: new ReplayWindow(clock),
      startedAtMs: deps.startedAtMs,
    })
    this.#caller = createCaller({
      ...{ self, incarnation, clock, random, to: tenant },
      verifyKeyOf: (kid) => this.#keyOf(kid),
      onClock: (offsetMs) => {
        this.#clockOffsetMs = Math.round(offsetMs)
      },
      post: (body, signal) => post(registration, 'messages', { body, contentType: 'application/jose', signal }),
    })
    this.#heartbeats = new Heartbeats({
      ...{ clock, random, log, compose: deps.heartbeat },
      intervalMs: Math.min(Math.max(heartbeatIntervalMs, INTERVAL_MIN_MS), INTERVAL_MAX_MS),
      send: async (heartbeat, signal) => {
        const { peers = [] } = await this.#caller.call(exchanges.heartbeat, heartbeat, { signal })
        this.#farSides = peers
      },
    })
  }

  /** With how far the Platform's clock is ahead of ours, as its last answer told. */
  get state(): LinkState & { clockOffsetMs: number | undefined } {
    return { ...this.#heartbeats.state, clockOffsetMs: this.#clockOffsetMs }
  }

  /** Peers whose part of a deployment is not in force as ours is, as the Platform's last answer to a heartbeat told. */
  get farSides(): readonly PeerStanding[] {
    return this.#farSides
  }

  start(): void {
    this.#heartbeats.start()
  }

  /** Something that heartbeats carry has changed: one goes out at once. */
  changed(): void {
    this.#heartbeats.changed()
  }

  /** Takes one signed message of the Platform and gives the signed answer; `c2.refused` for everything else. */
  receive(token: string): Promise<string> {
    return this.#door.receive(token)
  }

  /** Tells audit logs under their journal positions; resolves to the position up to which the Platform has all. */
  async tellLogs(first: number, entries: AuditLog[], signal: AbortSignal): Promise<number> {
    return (await this.#caller.call(exchanges.auditLogs, { first, entries }, { signal })).through
  }

  async tellStatus(first: number, entries: DeploymentStatus[], signal: AbortSignal): Promise<number> {
    return (await this.#caller.call(exchanges.status, { first, entries }, { signal })).through
  }

  /** Says goodbye with a last heartbeat. */
  close(): Promise<void> {
    return this.#heartbeats.close()
  }

  async #keyOf(kid: string): Promise<CryptoKey | undefined> {
    const known = await this.#tenantKey
    return known.kid === kid ? known.key : undefined
  }
}

async function tenantKey(registration: Registration): Promise<{ kid: string; key: CryptoKey }> {
  const publicKey = fromBase64url(registration.signingKey)
  return { kid: await thumbprint(publicKey), key: await importVerifyKey(publicKey) }
}
