/** The pages of datasets: those of all data tenants that a person is a member of. Their forms do what the API does, by the same functions. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import { AppError } from '../../base/mod.ts'
import { dangerPage, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { NewDataset } from '../../wire/mod.ts'
import type { ListedTenant } from '../datasets/access.ts'
import { createDataset, removeDataset } from '../datasets/dataset-acts.ts'
import { createTenant } from '../datasets/tenant-acts.ts'
import {
  DatasetSettings,
  datasetRemoval,
  type KeptOf,
  NewDatasetForm,
  NewTenantForm,
  TenantsPage,
} from '../views/datasets.tsx'
import { TenantName } from './data-tenants.ts'
import { askedDataset, askedTenant, DATASETS_PATH, framed, tabbed, tenantPath } from './datasets-frame.tsx'
import { type DatasetImportsPagesDeps, datasetImportsPages } from './datasets-imports-pages.tsx'
import { datasetRecordsPages } from './datasets-records-pages.tsx'
import { type DatasetTenantPagesDeps, datasetTenantPages } from './datasets-tenant-pages.tsx'
import { type DatasetTokensPagesDeps, datasetTokensPages } from './datasets-tokens-pages.tsx'

export type DatasetsPagesDeps = DatasetTenantPagesDeps & DatasetTokensPagesDeps & DatasetImportsPagesDeps

const NewTenant = v.object({ name: TenantName })
const DATASET = '/:tenant/:dataset'

export function datasetsPages(deps: DatasetsPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
    .route('/', newTenantPage(deps, site))
    .route('/', newDatasetPage(deps, site))
    .route('/', datasetTenantPages(deps, site))
    .route(DATASET, datasetRecordsPages(deps, site))
    .route(DATASET, datasetImportsPages(deps, site))
    .route(DATASET, datasetTokensPages(deps, site))
    .get(`${DATASET}/settings`, async (c) => {
      const asked = await askedDataset(deps.access, c, 'viewer')
      const { dataset, member, path } = asked
      const mayRemove = roleReaches(member.role, 'owner')
      const view = <DatasetSettings {...{ dataset, path, mayRemove, nowMs: deps.clock.now() }} />
      return site.page(c, tabbed(asked, 'settings', view))
    })
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
