/**
 * Copies a database while it is in use, or checks it. A process of its own does it: libSQL blocks the loop that it is called on, and a copy takes as
 * long as its database is large (≈ 6 ms a MiB). It reads one moment of the database and holds no writer up.
 */
import { chmod, open, writeFile } from 'node:fs/promises'
import process from 'node:process'
import * as v from 'valibot'
import { type Bytes, base64url, codeOf, fromBase64url, hex } from '../base/mod.ts'
import { fileFailure, parentChannel, type SpawnOptions, spawnSelf } from '../host/mod.ts'
import { keyCharacters, openClient } from './database.ts'
import { checkDatabase } from './database-check.ts'
import { StoreCopyFailed, StoreDamaged, StoreDiskFull, StoreWrongKey } from './errors.ts'
import { translateStoreError } from './translate.ts'

/** The hidden verb under which this program copies. */
export const COPIER_SUBCOMMAND = 'copy-database'

/** `to`: must not be there · `newKey`: the copy's own key (32 bytes); else it has that of the database. */
export type DatabaseCopy = { path: string; key: Bytes; to: string; newKey?: Bytes }
/** Makes a copy of one moment, whole and durable, and says how many bytes it has. */
export type CopyDatabase = (copy: DatabaseCopy) => Promise<number>
/** Reads every page of a database. */
export type CheckDatabase = (database: Pick<DatabaseCopy, 'path' | 'key'>) => Promise<void>

/** Without `to` the database is only checked. */
const Order = v.strictObject({
  ...{ path: v.string(), key: v.string(), to: v.optional(v.string()), newKey: v.optional(v.string()) },
})
type Order = v.InferOutput<typeof Order>
const Report = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), bytes: v.number() }),
  v.strictObject({ ok: v.literal(false), code: v.string() }),
])

/**
 * Copies by a child process. Fails with `store.disk_full`, `store.damaged` (what is copied is checked), `store.wrong_key`,
 * `store.copy_failed`; then there may be a part of a copy, which the caller removes.
 */
export function copierBy(spawn: Pick<SpawnOptions, 'env' | 'entry'>): CopyDatabase {
  return ({ path, key, to, newKey }) =>
    byChild(spawn, { path, to, key: base64url(key), ...(newKey && { newKey: base64url(newKey) }) })
}

/** Checks by a child process. Fails with `store.damaged`, `store.wrong_key`, `store.copy_failed`. */
export function checkerBy(spawn: Pick<SpawnOptions, 'env' | 'entry'>): CheckDatabase {
  return async ({ path, key }) => void (await byChild(spawn, { path, key: base64url(key) }))
}

async function byChild(spawn: Pick<SpawnOptions, 'env' | 'entry'>, order: Order): Promise<number> {
  const reports: unknown[] = []
  const child = spawnSelf([COPIER_SUBCOMMAND], { ...spawn, onMessage: (message) => reports.push(message) })
  await child.send(order)
  await child.exited
  const read = v.safeParse(Report, reports[0])
  const what = order.to === undefined ? 'check' : 'copy'
  if (!read.success) throw new StoreCopyFailed(`the ${what} of ${order.path} was not finished`)
  if (!read.output.ok) throw failureOf(read.output.code, order.path, what)
  return read.output.bytes
}

/** What the child does: one copy or check, by order of its parent. */
export async function runCopier(): Promise<void> {
  const channel = parentChannel()
  if (!channel) return
  channel.onDisconnect(() => process.exit(0))
  const order = await new Promise<unknown>((resolve) => channel.onMessage(resolve))
  const report = await copied(v.parse(Order, order)).catch((error: unknown) => ({ ok: false, code: codeOf(error) }))
  await channel.send(report)
  process.exit(0)
}

async function copied(order: Order): Promise<v.InferOutput<typeof Report>> {
  const { path, to } = order
  const key = fromBase64url(order.key)
  if (to === undefined) {
    await checkDatabase(path, key)
    return { ok: true, bytes: 0 }
  }
  try {
    // Made by us, so that nobody else may read it whatever the umask is.
    await writeFile(to, '', { mode: 0o600, flag: 'wx' })
    await chmod(to, 0o600)
    await withClient(path, key, (client) => client.execute({ sql: 'VACUUM INTO ?', args: [to] }))
    await withClient(to, key, async (client) => {
      const [verdict] = (await client.execute('PRAGMA integrity_check(1)')).rows
      if (verdict?.[0] !== 'ok') throw new StoreDamaged(`the copy of ${path} is not sound`)
      if (order.newKey) await client.execute(`PRAGMA hexrekey='${hex(keyCharacters(fromBase64url(order.newKey)))}'`)
    })
    return { ok: true, bytes: await madeDurable(to) }
  } catch (error) {
    throw translateStoreError(error)
  }
}

async function withClient<T>(
  path: string,
  key: Bytes,
  work: (client: ReturnType<typeof openClient>) => Promise<T>,
): Promise<T> {
  const client = openClient(path, key)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

async function madeDurable(path: string): Promise<number> {
  try {
    const file = await open(path, 'r+')
    try {
      await file.sync()
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw fileFailure('sync', path, cause)
  }
}

function failureOf(code: string, path: string, what: 'check' | 'copy'): Error {
  if (code === 'store.disk_full' || code === 'host.disk_full') return new StoreDiskFull(`no space left to copy ${path}`)
  if (code === 'store.damaged') return new StoreDamaged(`the database ${path} is damaged`)
  if (code === 'store.wrong_key') return new StoreWrongKey(`the key does not open ${path}`)
  return new StoreCopyFailed(`the ${what} of ${path} failed (${code})`)
}
