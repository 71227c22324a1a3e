/** The pages of datasets: those of all data tenants that a person is a member of. Their forms do what the API does, by the same functions. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import { AppError } from '../../base/mod.ts'
import { FieldNotFound } from '../../datasets/mod.ts'
import { actorOf, dangerPage, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { type ClassChange, FieldClass, NewDataset } from '../../wire/mod.ts'
import type { ListedTenant } from '../datasets/access.ts'
import { classifyField, createDataset, removeDataset } from '../datasets/dataset-acts.ts'
import { createTenant } from '../datasets/tenant-acts.ts'
import {
  DatasetSettings,
  datasetRemoval,
  type KeptOf,
  NewDatasetForm,
  NewTenantForm,
  TenantsPage,
} from '../views/datasets.tsx'
import { ClassForm } from '../views/datasets-fields.tsx'
import { type ConnectorPagesDeps, connectorPages } from './connectors-pages.tsx'
import { TenantName } from './data-tenants.ts'
import { datasetCasePage } from './datasets-case-page.tsx'
import { datasetDashboardPages } from './datasets-dashboard-pages.tsx'
import { askedDataset, askedTenant, DATASETS_PATH, framed, tabbed, tenantPath } from './datasets-frame.tsx'
import { datasetHistoryPages, historyOf } from './datasets-history-pages.tsx'
import { type DatasetImportsPagesDeps, datasetImportsPages } from './datasets-imports-pages.tsx'
import { datasetIndexPages } from './datasets-indexes-pages.tsx'
import { datasetRecordsPages } from './datasets-records-pages.tsx'
import { datasetRetentionPages } from './datasets-retention-pages.tsx'
import { datasetSearchPages } from './datasets-search-pages.tsx'
import { datasetSqlPage } from './datasets-sql-page.tsx'
import { type DatasetTenantPagesDeps, datasetTenantPages } from './datasets-tenant-pages.tsx'
import { type DatasetTokensPagesDeps, datasetTokensPages } from './datasets-tokens-pages.tsx'
import { datasetViewsPages } from './datasets-views-pages.tsx'

export type DatasetsPagesDeps = ConnectorPagesDeps &
  DatasetTenantPagesDeps &
  DatasetTokensPagesDeps &
  DatasetImportsPagesDeps

const NewTenant = v.object({ name: TenantName })
const DATASET = '/:tenant/:dataset'

export function datasetsPages(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
    .route('/', newTenantPage(deps, site))
    .route('/', newDatasetPage(deps, site))
    .route('/', connectorPages(deps, site))
    .route('/', datasetSqlPage(deps, site))
    .route('/', datasetTenantPages(deps, site))
    .route(DATASET, datasetRecordsPages(deps, site))
    .route(DATASET, datasetDashboardPages(deps, site))
    .route(DATASET, datasetCasePage(deps, site))
    .route(DATASET, datasetViewsPages(deps, site))
    .route(DATASET, datasetImportsPages(deps, site))
    .route(DATASET, datasetTokensPages(deps, site))
    .route(DATASET, datasetRetentionPages(deps, site))
    .route(DATASET, datasetHistoryPages(deps, site))
    .route(DATASET, datasetSearchPages(deps, site))
    .route(DATASET, datasetIndexPages(deps, site))
    .get(`${DATASET}/settings`, async (c) => {
      const asked = await askedDataset(deps.access, c, 'viewer')
      const { dataset, member, path } = asked
      const changes = await namedChanges(deps, await member.data.classChanges(dataset.id))
      const isOwner = roleReaches(member.role, 'owner')
      const retention = await member.data.retention(dataset.id)
      const history = await historyOf(asked)
      const search = await member.data.search(dataset.id)
      const indexes = await member.data.indexes(dataset.id)
      const view = (
        <DatasetSettings
          {...{ dataset, changes, retention, history, search, indexes, path, isOwner, nowMs: deps.clock.now() }}
        />
      )
      return site.page(c, tabbed(asked, 'settings', view))
    })
    .route('/', classPage(deps, site))
    .route('/', removePage(deps, site))
}

async function list(c: Context<PersonEnv>, { access, clock }: DatasetsPagesDeps, site: Site): Promise<Response> {
  const tenants: KeptOf[] = []
  for (const tenant of await access.list(c)) tenants.push({ tenant, ...(await keptOf(c, access, tenant)) })
  const mayMakeTenant = roleReaches(c.var.user.role, 'owner')
  const action = mayMakeTenant && (
    <a class="button" href={`${DATASETS_PATH}/~new`}>
      New data tenant
    </a>
  )
  const view = <TenantsPage {...{ tenants, mayMakeTenant, nowMs: clock.now() }} />
  return site.page(c, { title: 'Datasets', current: DATASETS_PATH, view, ...(action && { action }) })
}

/** What cannot be read of one data tenant hides nothing of the others. */
async function keptOf(
  c: Context<PersonEnv>,
  access: DatasetsPagesDeps['access'],
  { id, role }: ListedTenant,
): Promise<Omit<KeptOf, 'tenant'>> {
  if (role === null) return { datasets: [] }
  try {
    const { data } = await access.demandMember(c, id, 'viewer')
    return { datasets: await data.datasets() }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { datasets: [], failure: error.message }
  }
}

function newTenantPage(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/~new', {
    ...{ role: 'owner', fresh: true, schema: NewTenant },
    again: ({ values: { name }, failed }) => framed('New data tenant', <NewTenantForm {...{ name, ...failed }} />),
    async act({ c, actor, input: { name } }) {
      const { id } = await createTenant(deps, name, { id: c.var.user.id, actor })
      return `${tenantPath({ id })}/~new`
    },
  })
}

function newDatasetPage(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/:tenant/~new', {
    ...{ role: 'viewer', schema: v.object(NewDataset.entries) },
    about: (c) => askedTenant(deps.access, c, 'operator'),
    again: ({ about, values: { name, shape }, failed }) => {
      const path = tenantPath(about.tenant)
      return framed('New dataset', <NewDatasetForm {...{ path, name, shape, ...failed }} />, about)
    },
    async act({ about, input }) {
      return `${tenantPath(about.tenant)}/${(await createDataset(deps, about, input)).id}`
    },
  })
}

/** With the names of those who decided, as far as they are still there. */
async function namedChanges(
  { accounts }: Pick<DatasetsPagesDeps, 'accounts'>,
  changes: readonly ClassChange[],
): Promise<ClassChange[]> {
  const names = new Map((await accounts.listUsers()).map(({ id, name }) => [actorOf({ id }), name]))
  return changes.map((change) => ({ ...change, by: names.get(change.by) ?? change.by }))
}

function classPage(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, `${DATASET}/class`, {
    ...{ role: 'viewer', fresh: true, schema: v.object({ class: FieldClass }) },
    async about(c) {
      const asked = await askedDataset(deps.access, c, 'owner')
      const field = asked.dataset.fields.find(({ name }) => name === c.req.query('field'))
      if (!field) throw new FieldNotFound('the dataset has no such field that can be classified')
      return { asked, field }
    },
    again: ({ about: { asked, field }, values: { class: chosen }, failed }) =>
      tabbed(asked, 'settings', <ClassForm {...{ path: asked.path, field, chosen, ...failed }} />, 'Class'),
    async act({ about: { asked, field }, input }) {
      const decided = { dataset: asked.dataset.id, field: field.name, to: input.class }
      await classifyField(deps, asked.member, decided)
      return `${asked.path}/settings`
    },
  })
}

function removePage(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return dangerPage(site, `${DATASET}/remove`, {
    role: 'viewer',
    about: (c) => askedDataset(deps.access, c, 'owner'),
    form: datasetRemoval,
    frame: ({ about, danger }) => tabbed(about, 'settings', danger, 'Remove'),
    async act({ about: { member, dataset } }) {
      await removeDataset(deps, member, dataset.id)
      return DATASETS_PATH
    },
  })
}
