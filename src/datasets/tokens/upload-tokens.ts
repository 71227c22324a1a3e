/**
 * Upload tokens: `slu_`, a public id, a secret and a checksum. Each is for one dataset, has an expiry, is shown once and kept as a hash.
 * What is in force is held in memory, for a pipeline asks with every document; a revoked one is gone from there at once.
 */
import { and, asc, count, eq, gt, isNull, lt } from 'drizzle-orm'
import { type Clock, equalBytes, type Random } from '../../base/mod.ts'
import { hashOfToken, idOfToken, newCheckedToken } from '../../crypto/mod.ts'
import { type Database, type RuntimeSchema, uploadTokens } from '../../store/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import { UploadTokenNotFound, UploadTokensTooMany, UploadTokenUnfit } from '../errors.ts'

const PREFIX = 'slu_'
const DAY_MS = 24 * 60 * 60_000
export const UPLOAD_TOKEN_DAYS = 365
/** Three years: longer than that nobody remembers where a token lies. */
export const UPLOAD_TOKEN_DAYS_MAX = 1_096
/** In force for one dataset: 64 × ~300 B. */
export const UPLOAD_TOKENS_MAX = 64
/** 1,024 × ~400 B; beyond it the one that was asked for longest ago is read again from the database. */
const REMEMBERED_MAX = 1_024
/** As many as anybody reads through. */
const ENDING_MAX = 64
const USED_EVERY_MS = 60_000

/** What a token admits to. */
export type UploadGrant = { token: string; dataTenant: DataTenantId; dataset: string }
/** Instants are ms since 1970; `usedAt`, after a restart, to the minute. An expired or revoked one stays listed as such. */
export type UploadTokenSummary = {
  id: string
  name: string
  state: 'in_force' | 'expired' | 'revoked'
  createdBy: string
  createdAt: number
  expiresAt: number
  revokedAt: number | null
  usedAt: number | null
  address: string | null
}
export type NewUploadToken = { dataTenant: DataTenantId; dataset: string; name: string; days?: number; by: string }

type Deps = { db: Database<Pick<RuntimeSchema, 'uploadTokens'>>; clock: Clock; random: Random }
type Row = typeof uploadTokens.$inferSelect
type Use = { atMs: number; address: string | null }

/** The tokens of every dataset of a Runtime. */
export class UploadTokens {
  readonly #deps: Deps
  readonly #remembered = new Map<string, Row>()
  /** The last uses of the tokens that were used last, exactly: their rows are written once a minute. */
  readonly #used = new Map<string, Use>()
  /** Grows with each revocation: what was read before one is not remembered after it. */
  #revocations = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Refuses `upload_token.unfit` (days), `upload_token.too_many`. The token is in this answer and nowhere else. */
  async create({ dataTenant, dataset, name, days = UPLOAD_TOKEN_DAYS, by }: NewUploadToken) {
    const { db, clock, random } = this.#deps
    if (!Number.isInteger(days) || days < 1 || days > UPLOAD_TOKEN_DAYS_MAX) {
      throw new UploadTokenUnfit(`a token is for 1 to ${UPLOAD_TOKEN_DAYS_MAX} days`)
    }
    const now = clock.now()
    const inForce = and(
      ofDataset(dataTenant, dataset),
      isNull(uploadTokens.revokedAtMs),
      gt(uploadTokens.expiresAtMs, now),
    )
    const held = await db.select({ tokens: count() }).from(uploadTokens).where(inForce).get()
    if ((held?.tokens ?? 0) >= UPLOAD_TOKENS_MAX) {
      throw new UploadTokensTooMany(`this dataset has ${UPLOAD_TOKENS_MAX} tokens in force already`)
    }
    const { id, token } = newCheckedToken(PREFIX, random)
    const expiresAt = now + days * DAY_MS
    await db.insert(uploadTokens).values({
      ...{ id, dataTenant, dataset, name, createdBy: by, createdAtMs: now, expiresAtMs: expiresAt },
      secretHash: await hashOfToken('upload', token),
    })
    return { id, token, expiresAt }
  }

  /** The earliest first. */
  async list(dataTenant: DataTenantId, dataset: string): Promise<UploadTokenSummary[]> {
    const rows = await this.#deps.db
      .select()
      .from(uploadTokens)
      .where(ofDataset(dataTenant, dataset))
      .orderBy(asc(uploadTokens.createdAtMs), asc(uploadTokens.id))
    return rows.map((row) => summaryOf(row, this.#used.get(row.id), this.#deps.clock.now()))
  }

  /** Those in force, of every dataset, that end before that time (ms since 1970); the first to end first. */
  async endingBefore(
    beforeMs: number,
  ): Promise<(Pick<UploadGrant, 'dataTenant'> & { id: string; expiresAt: number })[]> {
    const { expiresAtMs, revokedAtMs } = uploadTokens
    const ending = and(isNull(revokedAtMs), gt(expiresAtMs, this.#deps.clock.now()), lt(expiresAtMs, beforeMs))
    const rows = await this.#deps.db
      .select()
      .from(uploadTokens)
      .where(ending)
      .orderBy(asc(expiresAtMs))
      .limit(ENDING_MAX)
    return rows.map(({ id, dataTenant, expiresAtMs: expiresAt }) => ({
      ...{ id, dataTenant: dataTenant as DataTenantId, expiresAt },
    }))
  }

  /** From the next request on it admits to nothing. Refuses `upload_token.not_found`. Once revoked, it stays as it is. */
  async revoke(dataTenant: DataTenantId, dataset: string, id: string, by: string): Promise<void> {
    const { db, clock } = this.#deps
    const own = and(ofDataset(dataTenant, dataset), eq(uploadTokens.id, id))
    if (!(await db.select({ id: uploadTokens.id }).from(uploadTokens).where(own).get())) {
      throw new UploadTokenNotFound('the dataset has no such token')
    }
    const revoked = { revokedAtMs: clock.now(), revokedBy: by }
    await db
      .update(uploadTokens)
      .set(revoked)
      .where(and(own, isNull(uploadTokens.revokedAtMs)))
    this.#forget()
  }

  /** Every token that is in force anywhere: those revoked since a backup was made would hold again. */
  async revokeAll(by: string): Promise<void> {
    const revoked = { revokedAtMs: this.#deps.clock.now(), revokedBy: by }
    await this.#deps.db.update(uploadTokens).set(revoked).where(isNull(uploadTokens.revokedAtMs))
    this.#forget()
  }

  /** All tokens of a dataset that is removed, or of a whole data tenant. */
  async remove(dataTenant: DataTenantId, dataset?: string): Promise<void> {
    const which = dataset === undefined ? eq(uploadTokens.dataTenant, dataTenant) : ofDataset(dataTenant, dataset)
    await this.#deps.db.delete(uploadTokens).where(which)
    this.#forget()
  }

  /**
   * What the token admits to at this moment; `undefined` for one that is wrong, revoked or expired, which nobody can tell apart.
   * `address`: whence it was used, as it is listed.
   */
  async grantOf(token: string, address?: string): Promise<UploadGrant | undefined> {
    const id = idOfToken(PREFIX, token)
    if (id === undefined) return undefined
    const row = await this.#rowOf(id)
    const now = this.#deps.clock.now()
    if (row === undefined || row.revokedAtMs !== null || row.expiresAtMs <= now) return undefined
    if (!equalBytes(row.secretHash, await hashOfToken('upload', token))) return undefined
    this.#remember(id, { atMs: now, address: address ?? null })
    if (now - (row.lastUsedAtMs ?? 0) >= USED_EVERY_MS) await this.#noteUse(row, now, address)
    return { token: id, dataTenant: row.dataTenant as DataTenantId, dataset: row.dataset }
  }

  #remember(id: string, use: Use): void {
    this.#used.delete(id)
    this.#used.set(id, use)
    const [oldest] = this.#used.keys()
    if (oldest !== undefined && this.#used.size > REMEMBERED_MAX) this.#used.delete(oldest)
  }

  async #rowOf(id: string): Promise<Row | undefined> {
    const remembered = this.#remembered.get(id)
    if (remembered) {
      this.#remembered.delete(id)
      this.#remembered.set(id, remembered)
      return remembered
    }
    const revocations = this.#revocations
    const row = await this.#deps.db.select().from(uploadTokens).where(eq(uploadTokens.id, id)).get()
    if (row === undefined || revocations !== this.#revocations) return row
    this.#remembered.set(id, row)
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined && this.#remembered.size > REMEMBERED_MAX) this.#remembered.delete(oldest)
    return row
  }

  async #noteUse(row: Row, now: number, address: string | undefined): Promise<void> {
    row.lastUsedAtMs = now
    row.lastAddress = address ?? null
    const used = { lastUsedAtMs: now, lastAddress: row.lastAddress }
    await this.#deps.db.update(uploadTokens).set(used).where(eq(uploadTokens.id, row.id))
  }

  #forget(): void {
    this.#revocations++
    this.#remembered.clear()
  }
}

function ofDataset(dataTenant: string, dataset: string) {
  return and(eq(uploadTokens.dataTenant, dataTenant), eq(uploadTokens.dataset, dataset))
}

function summaryOf(row: Row, used: Use | undefined, now: number): UploadTokenSummary {
  const ended = row.expiresAtMs <= now ? 'expired' : 'in_force'
  return {
    ...{ id: row.id, name: row.name, state: row.revokedAtMs === null ? ended : 'revoked' },
    ...{ createdBy: row.createdBy, createdAt: row.createdAtMs, expiresAt: row.expiresAtMs, revokedAt: row.revokedAtMs },
    ...{ usedAt: used?.atMs ?? row.lastUsedAtMs, address: used ? used.address : row.lastAddress },
  }
}
