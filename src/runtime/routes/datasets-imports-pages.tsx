/** The imports of a dataset, the newest first, and what became of one. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { FieldNotFound } from '../../datasets/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { ImportId, type ImportReport, NewFieldType } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type DatasetActsDeps, listUploadTokens } from '../datasets/dataset-acts.ts'
import { reimport, setFieldType } from '../datasets/reimport-act.ts'
import { ImportPage, ImportsPage } from '../views/datasets-imports.tsx'
import { ReimportForm, ReimportLink, TypeForm } from '../views/datasets-reimport.tsx'
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
      const again = await asked.member.data.lastReimport(asked.dataset.id)
      const view = <ImportsPage {...{ ...shown, reimport: again, path: asked.path, nowMs: clock.now() }} />
      const mayAgain = found.imports.length > 0 && roleReaches(asked.member.role, 'owner')
      const action = mayAgain && <ReimportLink path={asked.path} />
      return site.page(c, { ...tabbed(asked, 'imports', view), ...(action && { action }) })
    })
    .get('/imports/:import', async (c) => {
      const asked = await askedDataset(access, c, 'viewer')
      const id = parseInput(ImportId, c.req.param('import'))
      const report = await asked.member.data.import(asked.dataset.id, id, asked.member.clearance)
      const shown = { report, tokens: await namesOf(deps, asked), nowMs: clock.now() }
      const document = documentOf(asked, report)
      const view = <ImportPage {...{ ...shown, document }} />
      const mayAgain = document !== undefined && roleReaches(asked.member.role, 'owner')
      const action = mayAgain && <ReimportLink path={asked.path} one={id} />
      return site.page(c, {
        ...tabbed(asked, 'imports', view, report.fileName ?? 'Import'),
        ...(action && { action }),
      })
    })
    .route('/', reimportPage(deps, site))
    .route('/', typePage(deps, site))
}

function typePage(deps: DatasetImportsPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/type', {
    ...{ role: 'viewer', schema: v.pick(NewFieldType, ['type']) },
    async about(c) {
      const asked = await askedDataset(deps.access, c, 'owner')
      const field = asked.dataset.fields.find(({ name }) => name === c.req.query('field'))
      if (!field) throw new FieldNotFound('the dataset has no such field whose type can be changed')
      return { asked, field }
    },
    again: ({ about: { asked, field }, values: { type: chosen }, failed }) =>
      tabbed(asked, 'settings', <TypeForm {...{ path: asked.path, field, chosen, ...failed }} />, 'Type'),
    async act({ about: { asked, field }, input: { type } }) {
      await setFieldType(deps, asked.member, { dataset: asked.dataset.id, field: { name: field.name, type } })
      return `${asked.path}/imports`
    },
  })
}

function reimportPage(deps: DatasetImportsPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/reimport', {
    role: 'viewer',
    async about(c) {
      const asked = await askedDataset(deps.access, c, 'owner')
      const one = parseInput(v.optional(ImportId), c.req.query('import'))
      return { asked, ...(one !== undefined && { one }) }
    },
    again: ({ about: { asked, one }, failed }) =>
      tabbed(asked, 'imports', <ReimportForm {...{ path: asked.path, one, ...failed }} />, 'Re-import'),
    async act({ about: { asked, one } }) {
      await reimport(deps, asked.member, {
        ...{ dataset: asked.dataset.id, asked: one === undefined ? {} : { import: one } },
      })
      return `${asked.path}/imports`
    },
  })
}

/** Where the document of an import is, for who is cleared for it; one that waits is not there yet, others no longer. */
function documentOf({ member, dataset }: AskedDataset, report: ImportReport): string | undefined {
  const { id, state, erasedAtMs, documentGoneAtMs } = report
  if (member.clearance !== 'restricted' || state === 'queued') return undefined
  if (erasedAtMs !== undefined || documentGoneAtMs !== undefined) return undefined
  return `/v1/data-tenants/${member.tenant.id}/datasets/${dataset.id}/imports/${id}/document`
}

/** Names of upload tokens, for who may see them. */
async function namesOf(deps: DatasetActsDeps, { member, dataset }: AskedDataset): Promise<Map<string, string>> {
  if (!roleReaches(member.role, 'operator')) return new Map()
  return new Map((await listUploadTokens(deps, member, dataset.id)).map(({ id, name }) => [id, name]))
}
