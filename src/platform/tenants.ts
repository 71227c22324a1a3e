/** Every tenant of this Platform, each with what is its own: its room, its accounts, its application. */

import type { Hono } from 'hono'
import { type Accounts, openAccounts } from '../accounts/mod.ts'
import { describeError, logOf } from '../base/mod.ts'
import { openWrappingKey } from '../keys/mod.ts'
import type { AccessDoor } from '../server/mod.ts'
import { lockRecorder } from '../server/mod.ts'
import type { LiveStreams } from '../web/mod.ts'
import type { TenantPlace } from './config.ts'
import type { TenantRow } from './registry.ts'
import { type TenantEnv, tenantApp, tenantBase } from './routes/tenant-app.ts'
import { openTenantRoom, type RoomDeps, type TenantRoom } from './tenant-room.ts'
import { thinTenant } from './thinning.ts'

type Tenant = { room: TenantRoom; accounts: Accounts; app: Hono<TenantEnv>; place: TenantPlace }

export class Tenants {
  readonly #deps: RoomDeps
  readonly #live: LiveStreams
  readonly #open = new Map<string, Tenant>()

  constructor(deps: RoomDeps, live: LiveStreams) {
    this.#deps = deps
    this.#live = live
  }

  async open(row: TenantRow): Promise<Tenant> {
    const room = await openTenantRoom(this.#deps, row)
    const { clock, random, url, closing } = this.#deps
    const pepper = await this.#deps.keyring.secretFor('password-pepper', row.id)
    const sealing = () => openWrappingKey(this.#deps.keyring, 'sealing', row.id)
    const accounts = openAccounts({
      ...{ db: room.db, clock, random, closing, pepper, sealing },
      onLocked: lockRecorder(room.trail),
    })
    const place: TenantPlace = {
      ...{ id: row.id, name: row.name },
      get url() {
        return `${url()}${tenantBase(row.id)}`
      },
    }
    const tenant = { room, accounts, place, app: tenantApp(room, accounts, this.#live) }
    this.#open.set(row.id, tenant)
    return tenant
  }

  appOf(tenant: string): Hono<TenantEnv> | undefined {
    return this.#open.get(tenant)?.app
  }

  get places(): TenantPlace[] {
    return [...this.#open.values()].map(({ place }) => place)
  }

  /** Removes from every tenant what is past its keeping; one that fails keeps no other from it. */
  async thin(signal: AbortSignal): Promise<void> {
    for (const { room } of this.#open.values()) {
      const { db, clock, tenant } = room
      await thinTenant({ db, clock, signal }).catch((error: unknown) =>
        logOf('platform').error('a tenant could not be thinned', { tenant, error: describeError(error) }),
      )
    }
  }

  /** Every tenant's accounts and where it is reached, for the access file. */
  get doors(): AccessDoor[] {
    return [...this.#open.values()].map(({ accounts, place }) => ({ accounts, url: place.url }))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ room }) => room.close()))
  }
}
