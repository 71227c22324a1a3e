/** Answers already given in C2: the same message again gets the same answer, and has no second effect. */
import { and, eq, lt } from 'drizzle-orm'
import type { Clock } from '../base/mod.ts'
import type { Database, RuntimeSchema, TenantSchema } from '../store/mod.ts'
import type { AnswerMemory } from '../wire/mod.ts'

/** How often expired answers are removed, milliseconds. */
const SWEEP_MS = 10_000

type AnswersTable = RuntimeSchema['runtimeAnswers'] | TenantSchema['tenantAnswers']

/** Keeps them in a table of the server's own database. */
export function answerMemory(
  db: Pick<Database<Record<never, never>>, 'select' | 'insert' | 'delete'>,
  table: AnswersTable,
  clock: Clock,
): AnswerMemory {
  let sweepAtMs = 0
  return {
    async find(from, id) {
      const [row] = await db
        .select()
        .from(table)
        .where(and(eq(table.sender, from), eq(table.id, id)))
      return row && { digest: row.digest, answer: JSON.parse(row.answer) }
    },
    async keep(from, id, digest, answer, expiresAtMs) {
      const now = clock.now()
      if (now >= sweepAtMs) {
        sweepAtMs = now + SWEEP_MS
        await db.delete(table).where(lt(table.expiresAtMs, now))
      }
      const row = { sender: from, id, digest, answer: JSON.stringify(answer), expiresAtMs }
      await db
        .insert(table)
        .values(row)
        .onConflictDoUpdate({ target: [table.sender, table.id], set: row })
    },
  }
}
