/** What only the owner sets and what decides about trust: documents by key, each authenticated, since the file's encryption is not. */
import { eq } from 'drizzle-orm'
import * as v from 'valibot'
import { type Clock, canonicalJson } from '../../base/mod.ts'
import { RowNotAuthentic } from '../errors.ts'
import type { RuntimeStore } from './database.ts'
import type { RowMac } from './row-mac.ts'

export type OwnerDocument<T> = { document: T; changedBy: string; changedAtMs: number }

export class OwnerDocuments {
  readonly #db: RuntimeStore
  readonly #mac: RowMac
  readonly #clock: Clock

  constructor(deps: { db: RuntimeStore; mac: RowMac; clock: Clock }) {
    this.#db = deps.db
    this.#mac = deps.mac
    this.#clock = deps.clock
  }

  /** `undefined` for one that was never set; `runtime.row_not_authentic` for one that something else wrote, or that does not parse. */
  async get<Schema extends v.GenericSchema>(
    key: string,
    schema: Schema,
  ): Promise<OwnerDocument<v.InferOutput<Schema>> | undefined> {
    const table = this.#db.tables.runtimeOwnerDocuments
    const [row] = await this.#db.select().from(table).where(eq(table.key, key))
    if (!row) return undefined
    const { mac, ...told } = row
    await this.#mac.check('owner-documents', told, mac)
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), row.document)
    if (!parsed.success) throw new RowNotAuthentic(`the document ${key} has another form than this Runtime writes`)
    return { document: parsed.output, changedBy: row.changedBy, changedAtMs: row.changedAtMs }
  }

  async set(key: string, document: unknown, changedBy: string): Promise<void> {
    const table = this.#db.tables.runtimeOwnerDocuments
    const told = { key, document: canonicalJson(document), changedBy, changedAtMs: this.#clock.now() }
    const row = { ...told, mac: await this.#mac.of('owner-documents', told) }
    await this.#db.insert(table).values(row).onConflictDoUpdate({ target: table.key, set: row })
  }
}
