/** What the pages of one data tenant and of one dataset have around them, and who may look at them. */
import type { Context } from 'hono'
import { type Role, roleReaches } from '../../accounts/mod.ts'
import type { CiPlace } from '../../datasets/mod.ts'
import type { AccountsSiteDeps, CertificateRoutesDeps, FormShown, PageLink, PersonEnv } from '../../server/mod.ts'
import { parseInput, type View } from '../../web/mod.ts'
import { type Dataset, DatasetId } from '../../wire/mod.ts'
import { DASHBOARDS } from '../dashboards/dashboards.ts'
import type { DataAccess, Member } from '../datasets/access.ts'
import type { Station } from '../station.ts'

export const DATASETS_PATH = '/datasets'
const CRUMB = { href: DATASETS_PATH, label: 'Datasets' }

/** A dataset that a member asks for; `path` is that of its pages. */
export type AskedDataset = { member: Member; dataset: Dataset; path: string }

export type UploadPlaceDeps = Pick<Station, 'addresses'> & Pick<CertificateRoutesDeps, 'certificates'>

const TABS = [
  { name: 'records', path: '', label: 'Records', role: 'viewer' },
  { name: 'dashboard', path: '/dashboard', label: 'Dashboard', role: 'viewer' },
  { name: 'imports', path: '/imports', label: 'Imports', role: 'viewer' },
  { name: 'tokens', path: '/tokens', label: 'Tokens', role: 'operator' },
  { name: 'settings', path: '/settings', label: 'Settings', role: 'viewer' },
] as const

const TABS_OF_TENANT = [
  { path: '', label: 'Members', role: 'viewer' },
  { path: '/~connectors', label: 'Connectors', role: 'viewer' },
  { path: '/~sql', label: 'SQL', role: 'owner' },
] as const

/** Where a pipeline uploads to; `ca` is a file where no public authority vouches for this Runtime. */
export function uploadPlace(
  { addresses, certificates }: UploadPlaceDeps,
  { id, shape }: Pick<Dataset, 'id' | 'shape'>,
): CiPlace {
  const ca = certificates.view().installed === undefined ? 'sluice-ca.pem' : undefined
  return { url: addresses().managementUrl, dataset: id, shape, ca }
}

/** Refuses `data_tenant.not_found`, `account.role_too_low`. */
export function askedTenant(access: DataAccess, c: Context<PersonEnv>, needed: Role): Promise<Member> {
  return access.demandMember(c, c.req.param('tenant') ?? '', needed)
}

/** Refuses what `askedTenant` refuses, and `dataset.not_found`. */
export async function askedDataset(access: DataAccess, c: Context<PersonEnv>, needed: Role): Promise<AskedDataset> {
  const member = await askedTenant(access, c, needed)
  const id = parseInput(DatasetId, c.req.param('dataset'))
  return { member, dataset: await member.data.dataset(id), path: `${tenantPath(member.tenant)}/${id}` }
}

/** Of the page of a data tenant. */
export function tenantPath({ id }: { id: string }): string {
  return `${DATASETS_PATH}/${id}`
}

/** The data tenants that who asks may know: a member with the way to its page, an owner of the Runtime what all are called. */
export function knownTenantsOf(access: Pick<DataAccess, 'list'>): NonNullable<AccountsSiteDeps['knownTenants']> {
  return async (c) =>
    new Map(
      (await access.list(c)).map(({ id, name, role }) => [
        id,
        { name, ...(role !== null && { href: tenantPath({ id }) }) },
      ]),
    )
}

/** A page that stands below the list of datasets; with `member` below that of a data tenant. */
export function framed(title: string, view: View, member?: Member): FormShown {
  const crumbs = member ? [CRUMB, { href: tenantPath(member.tenant), label: member.tenant.name }] : [CRUMB]
  return { title, view, current: DATASETS_PATH, crumbs }
}

/** One of the tabs of a data tenant. */
export function tenantTabbed(member: Member, path: (typeof TABS_OF_TENANT)[number]['path'], view: View): FormShown {
  const own = tenantPath(member.tenant)
  const reached = TABS_OF_TENANT.filter(({ role }) => roleReaches(member.role, role))
  const tabs = reached.map((tab) => ({ href: `${own}${tab.path}`, label: tab.label }))
  return { ...framed(member.tenant.name, view), tabs, tab: `${own}${path}` }
}

/** One of the tabs of a dataset; with `title` a page below it. */
export function tabbed(
  { member, dataset, path }: AskedDataset,
  tab: (typeof TABS)[number]['name'],
  view: View,
  title?: string,
): FormShown {
  const isThere = (name: string) => name !== 'dashboard' || DASHBOARDS[dataset.shape] !== undefined
  const tabs = TABS.filter(({ name, role }) => roleReaches(member.role, role) && isThere(name))
  const hrefOf = (name: string) => `${path}${TABS.find((one) => one.name === name)?.path}`
  const { crumbs = [], ...shown } = framed(title ?? dataset.name, view, member)
  const above: PageLink[] = title === undefined ? [] : [{ href: path, label: dataset.name }]
  return {
    ...{ ...shown, crumbs: [...crumbs, ...above], tab: hrefOf(tab) },
    tabs: tabs.map(({ name, label }) => ({ href: hrefOf(name), label })),
  }
}
