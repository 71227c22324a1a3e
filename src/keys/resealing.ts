/** A wrapping key gets a successor: what lies under it in rows is wrapped anew, one by one, while all goes on. */
import { and, eq } from 'drizzle-orm'
import { AppError, type Bytes, Cancelled } from '../base/mod.ts'
import { importWrappingKey, rewrap, type WrapBinding, type WrappingKey } from '../crypto/mod.ts'
import { credentials, type Database, type RuntimeSchema, yieldToFinalisers } from '../store/mod.ts'
import type { Keyring } from './keyring.ts'
import type { Progress } from './rotations.ts'
import { CREDENTIAL_WRAP } from './sealed-fields.ts'

/** One thing that lies under the key: what it is bound to, its wrap, and how another takes its place if it is still the same. */
export type SealedItem = { binding: WrapBinding; sealed: Bytes; replace: (moved: Bytes) => Promise<unknown> }
/** Reads the items as they are now; small enough to be in memory one at a time. */
export type SealedItems = {
  count(): Promise<number>
  items(): AsyncIterable<SealedItem>
  /** Resolves when whoever writes now has written, so that a look from then on sees what they sealed. */
  written(): Promise<unknown>
}

/** So many rows are moved between two looks at the loop: ≈ 1 ms. */
const BATCH = 16
/** What was wrapped before the key changed and written after the first look is found by the next; nothing is on its way that long. */
const LOOKS_MIN = 2

/** The wrapping key of the keyring, amid a rotation too: it wraps under the successor and opens both. */
export async function openWrappingKey(
  keyring: Pick<Keyring, 'pair'>,
  purpose: string,
  id: string,
): Promise<WrappingKey> {
  const { current, next } = await keyring.pair(purpose, id)
  try {
    return await (next ? importWrappingKey(next, current) : importWrappingKey(current))
  } finally {
    current.fill(0)
    next?.fill(0)
  }
}

/**
 * Rotates it; `held`: the key as those who use it hold it, if they hold one. An item that does not open stays as it is: it did not open
 * before. Cut off at any step it is gone on with by calling it again, in this process or the next.
 */
export async function rotateWrappingKey(
  keyring: Pick<Keyring, 'pair' | 'list' | 'beginRotation' | 'finishRotation'>,
  about: { purpose: string; id: string; held?: WrappingKey },
  sealed: SealedItems,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { purpose, id, held } = about
  const begunBefore = keyring.list().some((key) => key.purpose === purpose && key.id === id && key.rotating)
  const { current, next } = await keyring.beginRotation(purpose, id)
  current.fill(0)
  if (!begunBefore) await held?.replace(next)
  next.fill(0)
  const key = held ?? (await openWrappingKey(keyring, purpose, id))
  for (let look = 1; ; look++) {
    await sealed.written()
    const moved = await moveAll(key, sealed, progress, signal)
    if (moved === 0 && look >= LOOKS_MIN) break
  }
  await keyring.finishRotation(purpose, id)
  held?.forgetFormer()
}

async function moveAll(
  key: WrappingKey,
  sealed: SealedItems,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const of = await sealed.count()
  let done = 0
  let moved = 0
  for await (const item of sealed.items()) {
    if (signal.aborted) throw new Cancelled('the rotation of a key was cut off')
    const wrapped = await movedItem(key, item)
    if (wrapped) {
      await item.replace(wrapped)
      moved++
    }
    progress(++done, Math.max(done, of))
    if (done % BATCH === 0) await yieldToFinalisers()
  }
  return moved
}

async function movedItem(key: WrappingKey, { binding, sealed }: SealedItem): Promise<Bytes | undefined> {
  try {
    return await rewrap(key, binding, sealed)
  } catch (error) {
    if (error instanceof AppError && error.code === 'crypto.not_authentic') return undefined
    throw error
  }
}

/** All credentials of a vault. */
export function sealedCredentials(db: Database<Pick<RuntimeSchema, 'credentials'>>): SealedItems {
  return {
    count: () => db.$count(credentials),
    written: () => writersDone(db),
    async *items() {
      for (const { id } of await db.select({ id: credentials.id }).from(credentials)) {
        const row = await db
          .select({ sealed: credentials.sealed })
          .from(credentials)
          .where(eq(credentials.id, id))
          .get()
        if (!row) continue
        const same = and(eq(credentials.id, id), eq(credentials.sealed, row.sealed))
        yield {
          ...{ binding: { purpose: CREDENTIAL_WRAP, id }, sealed: row.sealed },
          replace: (sealed) => db.update(credentials).set({ sealed }).where(same),
        }
      }
    },
  }
}

/** Writers of a database take turns: what began before has ended when it is ours. */
export function writersDone(db: Pick<Database<unknown>, 'transaction'>): Promise<void> {
  return db.transaction(async () => undefined)
}
