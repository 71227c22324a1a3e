/** Notices what has become wrong and what has passed. What passes by itself within a minute is nobody's alarm. */
import { eq } from 'drizzle-orm'
import { newId } from '../base/mod.ts'
import { alertConditions } from '../store/mod.ts'
import type { Alert, Condition } from './alert.ts'
import type { ChannelsDeps } from './channels.ts'
import { enqueue } from './outbox.ts'

/** A thing must have been wrong for so long before it is told. */
export const HOLD_MS = 60_000
/** More than a server has things that can be wrong at once; what is beyond waits until others have passed. ≈ 300 B each: 1.2 MiB. */
export const CONDITIONS_MAX = 4_096

type Row = typeof alertConditions.$inferSelect

/** Compares what is wrong now with what was; what has to be told is queued in the same transaction, so that it is told once. */
export async function notice(deps: ChannelsDeps, now: readonly Condition[]): Promise<void> {
  const { db, clock, random } = deps
  const atMs = clock.now()
  await db.transaction(async (tx) => {
    const known = await tx.select().from(alertConditions)
    const { fresh, due, passed } = compare(known, now.slice(0, CONDITIONS_MAX), atMs)
    for (const { id, what, effect, sinceMs } of fresh) {
      await tx.insert(alertConditions).values({ id, what, effect: effect ?? null, sinceMs, toldAtMs: null })
    }
    for (const { id } of due) await tx.update(alertConditions).set({ toldAtMs: atMs }).where(eq(alertConditions.id, id))
    for (const { id } of passed) await tx.delete(alertConditions).where(eq(alertConditions.id, id))
    const alert = (kind: Alert['kind'], condition: Condition): Alert => {
      return { id: newId('alt', clock, random), kind, condition, atMs }
    }
    const told = passed.filter(({ toldAtMs }) => toldAtMs !== null)
    const alerts = [
      ...told.map((row) => alert('cleared', conditionOf(row))),
      ...due.map((condition) => alert('raised', condition)),
    ]
    await enqueue(tx, alerts, atMs)
  })
}

/** `fresh`: not known before · `due`: wrong for long enough and never told · `passed`: known, and not wrong any more. */
function compare(
  known: readonly Row[],
  now: readonly Condition[],
  atMs: number,
): { fresh: Condition[]; due: Condition[]; passed: Row[] } {
  const wrong = new Map(now.map((condition) => [condition.id, condition]))
  const knownById = new Map(known.map((row) => [row.id, row]))
  const untold = [...wrong.values()].filter(({ id }) => (knownById.get(id)?.toldAtMs ?? null) === null)
  return {
    fresh: [...wrong.values()].filter(({ id }) => !knownById.has(id)),
    due: untold.filter(({ id, sinceMs }) => atMs - Math.min(sinceMs, knownById.get(id)?.sinceMs ?? sinceMs) >= HOLD_MS),
    passed: known.filter(({ id }) => !wrong.has(id)),
  }
}

function conditionOf({ id, what, effect, sinceMs }: Row): Condition {
  return { id, what, sinceMs, ...(effect !== null && { effect }) }
}
