/** Blueprints: every version as it was written, with the code beside it. Nothing of it is ever run here. */
import { and, desc, eq, inArray, max } from 'drizzle-orm'
import type { Trail } from '../audit/mod.ts'
import { type Bytes, type Clock, rfc3339, type Turns } from '../base/mod.ts'
import { type Blueprint, BlueprintInvalid, type Catalogue, type Finding, lintBlueprint } from '../blueprint/mod.ts'
import { sha256Hex } from '../crypto/mod.ts'
import type { TenantStore } from './database.ts'
import { BlueprintChanged, BlueprintCodeRefused, BlueprintNotFound } from './errors.ts'

/** Code of one Blueprint: 64 files, 4 MiB together. */
export const CODE_FILES_MAX = 64
export const CODE_BYTES_MAX = 4_194_304

export type BlueprintDeps = { db: TenantStore; catalogue: Catalogue; clock: Clock }
export type Code = ReadonlyMap<string, Bytes>
export type BlueprintSummary = { name: string; version: number; author: string; message: string; createdAt: string }
export type StoredBlueprint = BlueprintSummary & {
  text: string
  code: Record<string, { sha256: string; bytes: number }>
}

/** What is wrong with a text; nothing is stored. */
export function lint(deps: BlueprintDeps, text: string, code: Code): Finding[] {
  return lintBlueprint(text, { catalogue: deps.catalogue, code }).findings
}

/**
 * Stores a Blueprint as its next version; the same text and code as the newest version are that version. Refuses
 * `blueprint.invalid` (with line and column), `blueprint.code_refused`, and `blueprint.changed` if another process was faster.
 */
export async function saveBlueprint(
  deps: BlueprintDeps & { trail: Pick<Trail, 'record'>; turns: Turns },
  given: { text: string; code: Code; author: string; message: string },
): Promise<BlueprintSummary> {
  const { db, clock, trail, turns } = deps
  const { name } = understood(deps, given.text, given.code)
  const files = await hashed(given.code)
  const table = db.tables.tenantBlueprints
  return turns.run(async () => {
    const newest = await newestOf(db, name, table)
    const code = Object.fromEntries(files.map(({ path, sha256, bytes }) => [path, { sha256, bytes }]))
    const unchanged = newest?.text === given.text && JSON.stringify(newest.code) === JSON.stringify(code)
    const { text, author, message } = given
    const version = unchanged ? newest.version : (newest?.version ?? 0) + 1
    await trail.record({ actor: author, action: 'blueprint.stored', subject: name, detail: { version } })
    if (unchanged) return summaryOf(newest)
    const row = { name, version, text, code, author, message, createdAtMs: clock.now() }
    await db.transaction(async (tx) => {
      if ((await newestOf(tx, name, table))?.version !== newest?.version)
        throw new BlueprintChanged('another version of the blueprint was stored meanwhile')
      for (const { sha256, content } of files)
        await tx.insert(db.tables.tenantCode).values({ sha256, content }).onConflictDoNothing()
      await tx.insert(table).values(row)
    })
    return summaryOf(row)
  })
}

type BlueprintTable = TenantStore['tables']['tenantBlueprints']

async function newestOf(
  from: Pick<TenantStore, 'select'>,
  name: string,
  table: BlueprintTable,
): Promise<BlueprintTable['$inferSelect'] | undefined> {
  const [row] = await from.select().from(table).where(eq(table.name, name)).orderBy(desc(table.version)).limit(1)
  return row
}

/** One version, the newest by default. Refuses `blueprint.not_found`. */
export async function findBlueprint(db: TenantStore, name: string, version?: number): Promise<StoredBlueprint> {
  const table = db.tables.tenantBlueprints
  const wanted = and(eq(table.name, name), version === undefined ? undefined : eq(table.version, version))
  const [row] = await db.select().from(table).where(wanted).orderBy(desc(table.version)).limit(1)
  if (!row)
    throw new BlueprintNotFound(`there is no blueprint ${name}${version === undefined ? '' : ` version ${version}`}`)
  return { ...summaryOf(row), text: row.text, code: row.code }
}

/** The newest version of each. */
export async function listBlueprints(db: TenantStore): Promise<BlueprintSummary[]> {
  const table = db.tables.tenantBlueprints
  const newest = db
    .select({ name: table.name, version: max(table.version).as('newest') })
    .from(table)
    .groupBy(table.name)
    .as('newest')
  const rows = await db
    .select()
    .from(table)
    .innerJoin(newest, and(eq(table.name, newest.name), eq(table.version, newest.version)))
    .orderBy(table.name)
  return rows.map((row) => summaryOf(row.tenant_blueprints))
}

/** A stored version, understood again with its code. */
export async function openBlueprint(
  deps: BlueprintDeps,
  stored: StoredBlueprint,
): Promise<{ blueprint: Blueprint; code: Code }> {
  const hashes = Object.values(stored.code).map(({ sha256 }) => sha256)
  const content = await codeByHash(deps.db, hashes)
  const code = new Map(
    Object.entries(stored.code).flatMap(([path, { sha256 }]) => {
      const bytes = content.get(sha256)
      return bytes ? [[path, bytes] as const] : []
    }),
  )
  return { blueprint: understood(deps, stored.text, code).blueprint, code }
}

/** Code files by SHA-256; what is not there is left out. */
export async function codeByHash(db: TenantStore, hashes: readonly string[]): Promise<Map<string, Bytes>> {
  if (hashes.length === 0) return new Map()
  const table = db.tables.tenantCode
  const rows = await db
    .select()
    .from(table)
    .where(inArray(table.sha256, [...hashes]))
  return new Map(rows.map((row) => [row.sha256, row.content]))
}

function understood(deps: BlueprintDeps, text: string, code: Code): { name: string; blueprint: Blueprint } {
  const { blueprint, findings } = lintBlueprint(text, { catalogue: deps.catalogue, code })
  if (!blueprint) throw new BlueprintInvalid(findings)
  return { name: blueprint.blueprint, blueprint }
}

async function hashed(code: Code): Promise<{ path: string; sha256: string; bytes: number; content: Bytes }[]> {
  const total = [...code.values()].reduce((sum, content) => sum + content.byteLength, 0)
  if (code.size > CODE_FILES_MAX || total > CODE_BYTES_MAX)
    throw new BlueprintCodeRefused(
      `a blueprint has at most ${CODE_FILES_MAX} files of code, ${CODE_BYTES_MAX} bytes together`,
    )
  const sorted = [...code].sort(([a], [b]) => (a < b ? -1 : 1))
  return Promise.all(
    sorted.map(async ([path, content]) => ({
      path,
      sha256: await sha256Hex(content),
      bytes: content.byteLength,
      content,
    })),
  )
}

function summaryOf(row: {
  name: string
  version: number
  author: string
  message: string
  createdAtMs: number
}): BlueprintSummary {
  const { name, version, author, message } = row
  return { name, version, author, message, createdAt: rfc3339(row.createdAtMs) }
}
