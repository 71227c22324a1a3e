/** The Runtimes that this one's owner accepted for bridges. Their keys come from here and from nowhere else. */
import { eq } from 'drizzle-orm'
import type { Bytes, Clock } from '../../base/mod.ts'
import { PeerNotFound, RowNotAuthentic } from '../errors.ts'
import type { RuntimeStore } from './database.ts'
import type { RowMac } from './row-mac.ts'

export type Peer = {
  runtime: string
  name: string
  /** 65 bytes each, base64url. */
  signingKey: string
  agreementKey: string
  /** PEM of its certificate authority. */
  authority: string
  bridgeHost: string
  bridgePort: number
  /** What the two owners compare. */
  fingerprint: string
  acceptedBy: string
  acceptedAtMs: number
}

export class Peers {
  readonly #db: RuntimeStore
  readonly #mac: RowMac
  readonly #clock: Clock

  constructor(deps: { db: RuntimeStore; mac: RowMac; clock: Clock }) {
    this.#db = deps.db
    this.#mac = deps.mac
    this.#clock = deps.clock
  }

  /** Takes a peer in, or replaces what was known of it. */
  async accept(introduced: Omit<Peer, 'acceptedAtMs'>): Promise<Peer> {
    const peer = { ...introduced, acceptedAtMs: this.#clock.now() }
    const row = { ...peer, mac: await this.#mac.of('peers', peer) }
    const table = this.#db.tables.runtimePeers
    await this.#db.insert(table).values(row).onConflictDoUpdate({ target: table.runtime, set: row })
    return peer
  }

  /** All peers by name; `notAuthentic`: ids of rows that something else wrote. They count for nothing and can be removed. */
  async list(): Promise<{ accepted: Peer[]; notAuthentic: string[] }> {
    const rows = await this.#db.select().from(this.#db.tables.runtimePeers)
    const accepted: Peer[] = []
    const notAuthentic: string[] = []
    for (const row of rows) {
      try {
        accepted.push(await this.#checked(row))
      } catch (error) {
        if (!(error instanceof RowNotAuthentic)) throw error
        notAuthentic.push(row.runtime)
      }
    }
    return { accepted: accepted.sort((a, b) => a.name.localeCompare(b.name)), notAuthentic: notAuthentic.sort() }
  }

  async find(runtime: string): Promise<Peer | undefined> {
    const table = this.#db.tables.runtimePeers
    const [row] = await this.#db.select().from(table).where(eq(table.runtime, runtime))
    return row && this.#checked(row)
  }

  /**
   * What is known of a peer by its row, authentic or not: for its owner to see before it is removed, and for nothing else.
   * `peer.not_found` if there is none.
   */
  async row(runtime: string): Promise<Peer> {
    const table = this.#db.tables.runtimePeers
    const [row] = await this.#db.select().from(table).where(eq(table.runtime, runtime))
    if (!row) throw new PeerNotFound(`no peer ${runtime} was accepted`)
    const { mac: _mac, ...peer } = row
    return peer
  }

  /** Takes the acceptance back; `peer.not_found` if there is none. What runs with it is the caller's to end. */
  async remove(runtime: string): Promise<Peer> {
    const peer = await this.row(runtime)
    const table = this.#db.tables.runtimePeers
    await this.#db.delete(table).where(eq(table.runtime, runtime))
    return peer
  }

  async #checked(row: Peer & { mac: Bytes }): Promise<Peer> {
    const { mac, ...peer } = row
    await this.#mac.check('peers', peer, mac)
    return peer
  }
}
