/**
 * Views of a dataset that members keep. What somebody chose may name values of restricted fields: what one who is cleared has saved is there
 * for the cleared alone.
 */
import { type Clock, newId, type Random } from '../../base/mod.ts'
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { Clearance, NewView, SavedView, ViewChange } from '../../wire/mod.ts'
import { ViewNotFound, ViewsTooMany } from '../errors.ts'
import { datasetRow } from '../tenant/dataset-rows.ts'

/** Of a dataset; ~1 kB each. */
export const VIEWS_MAX = 200

/** Who asks. `mayChangeAll`: also what others share. */
export type Viewer = { user: string; clearance: Clearance; mayChangeAll: boolean }

const COLUMNS = 'id, user, name, page, words, is_shared, saved_at_ms'

/** Own ones and those that are shared, by name. Refuses `dataset.not_found`. */
export function listViews(db: DataDatabase, dataset: string, { user, clearance }: Viewer): SavedView[] {
  const seen = "(is_shared = 1 OR user = ?) AND (clearance = 'public' OR ? = 'restricted')"
  const rows = db.all(`SELECT ${COLUMNS} FROM saved_views WHERE dataset = ? AND ${seen} ORDER BY name, no`, [
    ...[datasetRow(db, dataset).no, user, clearance],
  ])
  return rows.map(viewFrom)
}

/** Refuses `dataset.view_too_many`, `dataset.not_found`. */
export function saveView(
  { db, clock, random }: { db: DataDatabase; clock: Clock; random: Random },
  dataset: string,
  view: NewView,
  { user, clearance }: Viewer,
): Promise<SavedView> {
  return db.transaction(() => {
    const { no } = datasetRow(db, dataset)
    const count = Number(db.row('SELECT count(*) FROM saved_views WHERE dataset = ?', [no])?.[0])
    if (count >= VIEWS_MAX) throw new ViewsTooMany(`the dataset has ${VIEWS_MAX} views, as many as it may`)
    const [id, savedAtMs] = [newId('sv', clock, random), clock.now()]
    db.run(`INSERT INTO saved_views (dataset, clearance, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
      ...[no, clearance, id, user, view.name, view.page, JSON.stringify(view.words), view.isShared ? 1 : 0, savedAtMs],
    ])
    return { ...view, id, user, savedAtMs }
  })
}

/** Refuses `dataset.view_not_found`, also for what is somebody else's, and `dataset.not_found`. */
export function changeView(
  db: DataDatabase,
  dataset: string,
  { id, change }: { id: string; change: ViewChange },
  viewer: Viewer,
): Promise<SavedView> {
  return db.transaction(() => {
    const before = changeable(db, dataset, id, viewer)
    const view = { ...before, name: change.name ?? before.name, isShared: change.isShared ?? before.isShared }
    db.run('UPDATE saved_views SET name = ?, is_shared = ? WHERE id = ?', [view.name, view.isShared ? 1 : 0, id])
    return view
  })
}

/** Refuses what `changeView` does. */
export function removeView(db: DataDatabase, dataset: string, id: string, viewer: Viewer): Promise<void> {
  return db.transaction(() => {
    changeable(db, dataset, id, viewer)
    db.run('DELETE FROM saved_views WHERE id = ?', [id])
  })
}

function changeable(db: DataDatabase, dataset: string, id: string, viewer: Viewer): SavedView {
  const view = listViews(db, dataset, viewer).find((one) => one.id === id)
  if (!view || (view.user !== viewer.user && !viewer.mayChangeAll))
    throw new ViewNotFound('there is no such view of this dataset that is yours to change')
  return view
}

function viewFrom([id, user, name, page, words, isShared, savedAtMs]: SqlResult[]): SavedView {
  return {
    ...{ id: id as SavedView['id'], user: String(user), name: String(name), page: page as SavedView['page'] },
    ...{ words: JSON.parse(String(words)), isShared: isShared === 1, savedAtMs: Number(savedAtMs) },
  }
}
