/** What of the Runtime's tables lies under keys that are rotated: assignments and a code under a wrap, trust under MACs. */
import { and, eq, inArray } from 'drizzle-orm'
import { Cancelled } from '../../base/mod.ts'
import { type Keyring, type Progress, type SealedItems, writersDone } from '../../keys/mod.ts'
import { assignmentBinding } from './assignments.ts'
import type { RuntimeStore } from './database.ts'
import { ENROLMENT_CODE_BINDING } from './enrolment.ts'
import type { RowMac } from './row-mac.ts'

const ROW_MAC = { purpose: 'row-mac', id: 'runtime' }
/** A row that was authenticated before the key changed and written after the first look is found by the next. */
const LOOKS_MIN = 2

/** Assignments that are in force or wait, and the code of an enrolment that is under way. */
export function sealedAssignments(db: RuntimeStore): SealedItems {
  const { runtimeAssignments: assignments, runtimeEnrolment: enrolment } = db.tables
  const open = inArray(assignments.place, ['current', 'waiting'])
  return {
    count: () => db.$count(assignments, open),
    written: () => writersDone(db),
    async *items() {
      const ids = await db
        .select({ deployment: assignments.deployment, version: assignments.version })
        .from(assignments)
        .where(open)
      for (const { deployment, version } of ids) {
        const one = and(eq(assignments.deployment, deployment), eq(assignments.version, version), open)
        const [row] = await db.select({ sealed: assignments.sealed }).from(assignments).where(one)
        if (!row) continue
        const same = and(one, eq(assignments.sealed, row.sealed))
        yield {
          ...{ binding: assignmentBinding(deployment, version), sealed: row.sealed },
          replace: (sealed) => db.update(assignments).set({ sealed }).where(same),
        }
      }
      const [attempt] = await db.select().from(enrolment)
      const sealed = attempt?.wrappedCode
      if (!sealed) return
      yield {
        ...{ binding: ENROLMENT_CODE_BINDING, sealed },
        replace: (wrappedCode) => db.update(enrolment).set({ wrappedCode }).where(eq(enrolment.wrappedCode, sealed)),
      }
    },
  }
}

/** Rotates the key of the MACs. A row that is not authentic stays so. Cut off, it is gone on with by calling it again. */
export async function rotateRowMac(
  keyring: Pick<Keyring, 'list' | 'beginRotation' | 'finishRotation'>,
  { db, mac }: { db: RuntimeStore; mac: RowMac },
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { purpose, id } = ROW_MAC
  const begunBefore = keyring.list().some((key) => key.purpose === purpose && key.id === id && key.rotating)
  const { current, next } = await keyring.beginRotation(purpose, id)
  current.fill(0)
  if (!begunBefore) mac.replace(next)
  next.fill(0)
  for (let look = 1; ; look++) {
    await writersDone(db)
    const moved = await moveMacs(db, mac, progress, signal)
    if (moved === 0 && look >= LOOKS_MIN) break
  }
  await keyring.finishRotation(purpose, id)
  mac.forgetFormer()
}

async function moveMacs(db: RuntimeStore, mac: RowMac, progress: Progress, signal: AbortSignal): Promise<number> {
  const { runtimePeers, runtimeApprovals, runtimeOwnerDocuments, runtimeLibraries } = db.tables
  const tables = [
    { name: 'peers', table: runtimePeers },
    { name: 'approvals', table: runtimeApprovals },
    { name: 'owner-documents', table: runtimeOwnerDocuments },
    { name: 'libraries', table: runtimeLibraries },
  ] as const
  let done = 0
  let count = 0
  for (const { name, table } of tables) {
    for (const { mac: before, ...row } of await db.select().from(table)) {
      if (signal.aborted) throw new Cancelled('the rotation of a key was cut off')
      const moved = await mac.moved(name, row, before)
      // A MAC is of one row alone: it holds the row's own key.
      if (moved) await db.update(table).set({ mac: moved }).where(eq(table.mac, before))
      if (moved) count++
      progress(++done, done)
    }
  }
  return count
}
