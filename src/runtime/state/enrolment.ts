/** Who this Runtime is to its Platform: at most one registration, or one attempt at it that can be resumed. */
import { type Bytes, type Clock, fromUtf8, utf8 } from '../../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../../crypto/mod.ts'
import { remembered } from '../../store/mod.ts'
import type { RuntimeStore } from './database.ts'

export type Registration = {
  runtime: string
  name: string
  tenant: string
  tenantName: string
  platformUrl: string
  /** PEM of the Platform's own authority, where it has one. */
  platformAuthority: string | undefined
  /** The tenant's keys, 65 bytes each, base64url. */
  signingKey: string
  agreementKey: string
  heartbeatIntervalMs: number
}
/** An attempt whose answer was not kept yet; the same code is sent again after a crash. */
export type Attempt = { name: string; code: string; platformUrl: string; tenant: string }

const ROW = 1
/** What the wrap of a code is bound to. */
export const ENROLMENT_CODE_BINDING = { purpose: 'enrolment-code', id: 'enrolment' }

export class EnrolmentRecord {
  readonly #db: RuntimeStore
  readonly #key: WrappingKey
  readonly #clock: Clock
  readonly #row: () => Promise<EnrolmentRow | undefined>

  constructor({ db, key, clock }: { db: RuntimeStore; key: WrappingKey; clock: Clock }) {
    this.#db = db
    this.#key = key
    this.#clock = clock
    const table = db.tables.runtimeEnrolment
    this.#row = remembered(db, [table], async () => (await db.select().from(table))[0])
  }

  async registration(): Promise<Registration | undefined> {
    const row = await this.#row()
    if (row?.state !== 'enrolled') return undefined
    const { runtime, tenantName, signingKey, agreementKey } = row
    if (runtime === null || signingKey === null || agreementKey === null) return undefined
    return {
      ...{ runtime, signingKey, agreementKey, name: row.name, tenant: row.tenant, platformUrl: row.platformUrl },
      tenantName: tenantName ?? row.tenant,
      platformAuthority: row.platformAuthority ?? undefined,
      heartbeatIntervalMs: row.heartbeatIntervalMs ?? 10_000,
    }
  }

  async attempt(): Promise<Attempt | undefined> {
    const row = await this.#row()
    if (row?.state !== 'requested' || row.wrappedCode === null) return undefined
    const code = fromUtf8(await unwrap(this.#key, ENROLMENT_CODE_BINDING, row.wrappedCode))
    return { name: row.name, code, platformUrl: row.platformUrl, tenant: row.tenant }
  }

  async begin(attempt: Attempt): Promise<void> {
    const { code, ...facts } = attempt
    await this.#write({
      ...facts,
      state: 'requested',
      wrappedCode: await wrap(this.#key, ENROLMENT_CODE_BINDING, utf8(code)),
    })
  }

  /** The attempt led nowhere: its code is forgotten. */
  async giveUp(): Promise<void> {
    await this.#db.delete(this.#db.tables.runtimeEnrolment)
  }

  async complete(registration: Registration): Promise<void> {
    const platformAuthority = registration.platformAuthority ?? null
    await this.#write({ ...registration, platformAuthority, state: 'enrolled', wrappedCode: null })
  }

  async #write(facts: EnrolmentFacts): Promise<void> {
    const table = this.#db.tables.runtimeEnrolment
    const row = { ...facts, id: ROW, changedAtMs: this.#clock.now() }
    await this.#db.insert(table).values(row).onConflictDoUpdate({ target: table.id, set: row })
  }
}

type EnrolmentRow = RuntimeStore['tables']['runtimeEnrolment']['$inferSelect']
type EnrolmentFacts = Omit<RuntimeStore['tables']['runtimeEnrolment']['$inferInsert'], 'id' | 'changedAtMs'> & {
  wrappedCode: Bytes | null
}
