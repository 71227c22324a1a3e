/** The imports of a dataset, the newest first, and what became of one. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { ImportId, type ImportReport } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type DatasetActsDeps, listUploadTokens } from '../datasets/dataset-acts.ts'
import { ImportPage, ImportsPage } from '../views/datasets-imports.tsx'
import { type AskedDataset, askedDataset, tabbed } from './datasets-frame.tsx'

export type DatasetImportsPagesDeps = DatasetActsDeps & { access: DataAccess; clock: Clock }

const IMPORTS_SHOWN = 50
const Asked = v.object({ before: v.fallback(v.optional(ImportId), undefined) })

/** Mounted at the address of a dataset. */
export function datasetImportsPages(deps: DatasetImportsPagesDeps, site: Site): Hono<PersonEnv> {
  const { access, clock } = deps
  return new Hono<PersonEnv>()
    .get('/imports', async (c) => {
      const asked = await askedDataset(access, c, 'viewer')
      const { before } = parseInput(Asked, c.req.query())
      const found = await asked.member.data.imports(asked.dataset.id, {
        ...{ before, limit: IMPORTS_SHOWN, viewer: asked.member.clearance },
      })
      const shown = { imports: found.imports, next: found.next, tokens: await namesOf(deps, asked) }
      const view = <ImportsPage {...{ ...shown, path: asked.path, nowMs: clock.now() }} />
      return site.page(c, tabbed(asked, 'imports', view))
    })
    .get('/imports/:import', async (c) => {
      const asked = await askedDataset(access, c, 'viewer')
      const id = parseInput(ImportId, c.req.param('import'))
      const report = await asked.member.data.import(asked.dataset.id, id, asked.member.clearance)
      const shown = { report, tokens: await namesOf(deps, asked), nowMs: clock.now() }
      const view = <ImportPage {...shown} document={documentOf(asked, report)} />
      return site.page(c, tabbed(asked, 'imports', view, report.fileName ?? 'Import'))
    })
}

/** Where the document of an import is, for who is cleared for it; one that waits is not there yet. */
function documentOf({ member, dataset }: AskedDataset, { id, state }: ImportReport): string | undefined {
  if (member.clearance !== 'restricted' || state === 'queued') return undefined
  return `/v1/data-tenants/${member.tenant.id}/datasets/${dataset.id}/imports/${id}/document`
}

/** Names of upload tokens, for who may see them. */
async function namesOf(deps: DatasetActsDeps, { member, dataset }: AskedDataset): Promise<Map<string, string>> {
  if (!roleReaches(member.role, 'operator')) return new Map()
  return new Map((await listUploadTokens(deps, member, dataset.id)).map(({ id, name }) => [id, name]))
}
