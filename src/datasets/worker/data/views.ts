/** Views of datasets that people saved. */
import type { DatasetId, NewView, SavedView, ViewChange, ViewId } from '../../../wire/mod.ts'
import type { Viewer } from '../../views/saved-views.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Views = {
  /** Those of who asks and those that are shared, by name. Refuses `dataset.not_found`. */
  views(dataset: DatasetId, viewer: Viewer): Promise<SavedView[]>
  /** Refuses `dataset.view_too_many`, `dataset.not_found`. */
  saveView(dataset: DatasetId, view: NewView, viewer: Viewer): Promise<SavedView>
  /** Refuses `dataset.view_not_found`, `dataset.not_found`. */
  changeView(dataset: DatasetId, id: ViewId, change: ViewChange, viewer: Viewer): Promise<SavedView>
  /** Refuses `dataset.view_not_found`, `dataset.not_found`. */
  removeView(dataset: DatasetId, id: ViewId, viewer: Viewer): Promise<void>
}

export function viewsOf({ ask }: Pick<TenantParts, 'ask'>): Views {
  return {
    views: async (dataset, viewer) => (await ask('reader', 'views', { dataset, viewer })).views,
    saveView: (dataset, view, viewer) => ask('writer', 'save-view', { dataset, view, viewer }),
    changeView: (dataset, id, change, viewer) => ask('writer', 'change-view', { dataset, id, change, viewer }),
    async removeView(dataset, id, viewer) {
      await ask('writer', 'remove-view', { dataset, id, viewer })
    },
  }
}
