/**
 * Saved views that name what is erased, in their own name or in what was chosen: they go as a whole, whoever saved them. A view is soon saved
 * again, so one too many is taken rather than one too few.
 */
import type { DataDatabase } from '../../store/mod.ts'
import type { EraseWhere } from '../../wire/mod.ts'
import { datasetRow } from '../tenant/dataset-rows.ts'
import { QueryFields } from '../tenant/query-fields.ts'

/** Less than that stands within many a word that has nothing to do with it. */
const WITHIN_WORDS_CHARS_MIN = 3

type Named = { text: string; withinWords: boolean }

/** Removes them, or only counts. Refuses `dataset.not_found`, `query.invalid`. */
export function eraseViews(
  db: DataDatabase,
  id: string,
  { where, dryRun }: { where: EraseWhere; dryRun: boolean },
): Promise<{ views: number }> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const named = namedBy(new QueryFields(dataset, 'restricted'), where)
    const found = db
      .all('SELECT no, name, words FROM saved_views WHERE dataset = ?', [dataset.no])
      .filter(([, name, words]) => textsOf(name, words).some((text) => named.some((one) => isIn(text, one))))
    if (!dryRun) for (const [no] of found) db.run('DELETE FROM saved_views WHERE no = ?', [Number(no)])
    return { views: found.length }
  })
}

/** Values that the erased records have: not those of `ne` or of an order, nor run, branch and the like, which an erasure leaves. */
function namedBy(fields: QueryFields, where: EraseWhere): Named[] {
  return where.flatMap((condition) => {
    const { name, ofImport } = fields.named(condition.field)
    if (ofImport && name !== '_attributes') return []
    if (condition.is === 'in') return condition.value.flatMap(namedAs)
    return condition.is === 'eq' || condition.is === 'contains' ? namedAs(condition.value) : []
  })
}

function namedAs(value: string | number | boolean): Named[] {
  if (typeof value === 'boolean' || value === '') return []
  const text = folded(String(value))
  return [{ text, withinWords: typeof value === 'string' && text.length >= WITHIN_WORDS_CHARS_MIN }]
}

function textsOf(name: unknown, words: unknown): string[] {
  return [String(name), ...Object.values<string>(JSON.parse(String(words)))].map(folded)
}

function isIn(text: string, { text: value, withinWords }: Named): boolean {
  if (withinWords) return text.includes(value)
  return text === value || text.split(/[^\p{L}\p{N}]+/u).includes(value)
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
