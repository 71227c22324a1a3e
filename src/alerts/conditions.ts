/** Notices what has become wrong and what has passed. What passes by itself within a minute is nobody's alarm. */
import { eq } from 'drizzle-orm'
import { newId } from '../base/mod.ts'
import { alertConditions } from '../store/mod.ts'
import type { Alert, Condition } from './alert.ts'
import type { ChannelsDeps } from './channels.ts'
import { enqueue } from './outbox.ts'

/** A thing must have been wrong for so long before it is told, and right for so long before that is: what comes and goes is wrong. */
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
    const { fresh, due, turned, passed } = compare(known, now.slice(0, CONDITIONS_MAX), atMs)
    for (const { id, what, effect, sinceMs } of fresh) {
      await tx.insert(alertConditions).values({ id, what, effect: effect ?? null, sinceMs, toldAtMs: null })
    }
    for (const { id, passedAtMs } of turned) {
      await tx.update(alertConditions).set({ passedAtMs }).where(eq(alertConditions.id, id))
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

type Compared = { fresh: Condition[]; due: Condition[]; turned: Pick<Row, 'id' | 'passedAtMs'>[]; passed: Row[] }

/**
 * `fresh`: not known before, as far as there is room · `due`: wrong for long enough and never told · `turned`: right since this look, or
 * wrong again · `passed`: right for long enough.
 */
function compare(known: readonly Row[], now: readonly Condition[], atMs: number): Compared {
  const wrong = new Map(now.map((condition) => [condition.id, condition]))
  const knownById = new Map(known.map((row) => [row.id, row]))
  const untold = [...wrong.values()].filter(({ id }) => (knownById.get(id)?.toldAtMs ?? null) === null)
  const isPassed = ({ id, passedAtMs }: Row): boolean => !wrong.has(id) && atMs - (passedAtMs ?? atMs) >= HOLD_MS
  const passed = known.filter(isPassed)
  const room = CONDITIONS_MAX - (known.length - passed.length)
  const fresh = [...wrong.values()].filter(({ id }) => !knownById.has(id)).slice(0, Math.max(0, room))
  const kept = new Set([...knownById.keys(), ...fresh.map(({ id }) => id)])
  const firstMs = ({ id, sinceMs }: Condition): number => Math.min(sinceMs, knownById.get(id)?.sinceMs ?? sinceMs)
  return {
    ...{ fresh, passed },
    due: untold.filter((one) => kept.has(one.id) && atMs - firstMs(one) >= HOLD_MS),
    turned: known
      .filter(({ id, passedAtMs }) => wrong.has(id) === (passedAtMs !== null))
      .map(({ id }) => ({ id, passedAtMs: wrong.has(id) ? null : atMs })),
  }
}

function conditionOf({ id, what, effect, sinceMs }: Row): Condition {
  return { id, what, sinceMs, ...(effect !== null && { effect }) }
}
