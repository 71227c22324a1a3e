/** Which class each field of a dataset has: what an owner decided last, or else the preset of its shape. Every decision is kept. */
import type { Clock } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { ClassChange, FieldClass, Shape } from '../../wire/mod.ts'
import { presetClass } from './presets.ts'

/** The class of each field about which somebody has decided. */
export type Labels = ReadonlyMap<string, FieldClass>

/** Decisions that are shown, the newest first; all are kept. */
const CHANGES_SHOWN_MAX = 100

/** The class that a field of that name has, whether there is one yet or not. */
export function classOf({ shape, labels }: { shape: Shape; labels: Labels }, field: string): FieldClass {
  return labels.get(field) ?? presetClass(shape, field)
}

/** What was decided about a dataset's fields. */
export function labelsOf(db: DataDatabase, datasetNo: number): Labels {
  const rows = db.all(
    'SELECT field, "to" FROM class_changes WHERE no IN (SELECT max(no) FROM class_changes WHERE dataset = ? GROUP BY field)',
    [datasetNo],
  )
  return new Map(rows.map(([field, to]) => [String(field), String(to) as FieldClass]))
}

/** Within a transaction: from then on the field has the class `to`. */
export function addClassChange(
  { db, clock }: { db: DataDatabase; clock: Clock },
  datasetNo: number,
  { id, field, from, to, by }: Omit<ClassChange, 'atMs'>,
): void {
  db.run('INSERT INTO class_changes (id, dataset, field, "from", "to", "by", at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)', [
    ...[id, datasetNo, field, from, to, by, clock.now()],
  ])
}

/** The newest decisions about a dataset's fields. */
export function listClassChanges(db: DataDatabase, datasetNo: number): ClassChange[] {
  const rows = db.all(
    'SELECT id, field, "from", "to", "by", at_ms FROM class_changes WHERE dataset = ? ORDER BY no DESC LIMIT ?',
    [datasetNo, CHANGES_SHOWN_MAX],
  )
  return rows.map(([id, field, from, to, by, atMs]) => ({ id, field, from, to, by, atMs }) as ClassChange)
}
