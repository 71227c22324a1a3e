/** Answers already given in C2: the same message again gets the same answer, and has no second effect. */
import { and, eq, lt } from 'drizzle-orm'
import type { Clock } from '../../base/mod.ts'
import type { AnswerMemory } from '../../wire/mod.ts'
import type { RuntimeStore } from './database.ts'

export function answerMemory(db: RuntimeStore, clock: Clock): AnswerMemory {
  const table = db.tables.runtimeAnswers
  return {
    async find(from, id) {
      const [row] = await db
        .select()
        .from(table)
        .where(and(eq(table.sender, from), eq(table.id, id)))
      return row && { digest: row.digest, answer: JSON.parse(row.answer) }
    },
    async keep(from, id, digest, answer, expiresAtMs) {
      await db.delete(table).where(lt(table.expiresAtMs, clock.now()))
      const row = { sender: from, id, digest, answer: JSON.stringify(answer), expiresAtMs }
      await db
        .insert(table)
        .values(row)
        .onConflictDoUpdate({ target: [table.sender, table.id], set: row })
    },
  }
}
