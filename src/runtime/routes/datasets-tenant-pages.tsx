/** The page of a data tenant: who its members are, and what its owners do with them and with it. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { CLEARANCES, ROLES, roleReaches } from '../../accounts/mod.ts'
import { dangerPage, type FormShown, formAct, type PersonEnv, type Site } from '../../server/mod.ts'
import { PageNotFound } from '../../web/mod.ts'
import type { DataAccess, Member } from '../datasets/access.ts'
import { grantRole, listMembers, removeTenant, revokeRole, type TenantActsDeps } from '../datasets/tenant-acts.ts'
import { memberRemoval, TenantPage, type TenantProps, tenantRemoval } from '../views/datasets-tenant.tsx'
import { askedTenant, DATASETS_PATH, framed, tenantPath, tenantTabbed } from './datasets-frame.tsx'

export type DatasetTenantPagesDeps = TenantActsDeps & { access: DataAccess }

const Grant = v.object({
  ...{ user: v.pipe(v.string(), v.trim(), v.maxLength(256)), role: v.picklist(ROLES) },
  clearance: v.pipe(
    v.optional(v.picklist([...CLEARANCES, '']), ''),
    v.transform((given) => (given === '' ? undefined : given)),
  ),
})

export function datasetTenantPages(deps: DatasetTenantPagesDeps, site: Site): Hono<PersonEnv> {
  const { access } = deps
  return new Hono<PersonEnv>()
    .get('/:tenant', async (c) => site.page(c, await show(deps, await askedTenant(access, c, 'viewer'))))
    .route(
      '/',
      formAct(site, '/:tenant/members', {
        ...{ role: 'viewer', fresh: true, schema: Grant },
        about: ownerOf(access),
        again: ({ about, values: { user, role, clearance }, failed }) =>
          show(deps, about, { user, role, clearance, failed }),
        async act({ about, input }) {
          await grantRole(deps, about, input)
          return tenantPath(about.tenant)
        },
      }),
    )
    .route('/', removeMemberPage(deps, site))
    .route(
      '/',
      dangerPage(site, '/:tenant/remove', {
        role: 'viewer',
        about: ownerOf(access),
        form: ({ tenant }) => tenantRemoval({ name: tenant.name, path: tenantPath(tenant) }),
        frame: ({ about, danger }) => framed('Remove', danger, about),
        async act({ about }) {
          await removeTenant(deps, about)
          return DATASETS_PATH
        },
      }),
    )
}

function removeMemberPage(deps: DatasetTenantPagesDeps, site: Site): Hono<PersonEnv> {
  const { access } = deps
  return dangerPage(site, '/:tenant/members/:user/remove', {
    role: 'viewer',
    async about(c) {
      const by = await ownerOf(access)(c)
      const member = (await listMembers(deps, by)).find(({ user }) => user.id === c.req.param('user'))
      if (!member) throw new PageNotFound('there is no such member of this data tenant')
      return { by, member, tenant: by.tenant.name, path: tenantPath(by.tenant) }
    },
    form: memberRemoval,
    frame: ({ about, danger }) => framed('Remove a member', danger, about.by),
    async act({ c, about: { by, member, path } }) {
      await revokeRole(deps, by, member.user.id)
      return member.user.id === c.var.user.id ? DATASETS_PATH : path
    },
  })
}

function ownerOf(access: DataAccess): (c: Context<PersonEnv>) => Promise<Member> {
  return (c) => askedTenant(access, c, 'owner')
}

async function show(
  deps: DatasetTenantPagesDeps,
  member: Member,
  typed: Pick<TenantProps, 'user' | 'role' | 'clearance' | 'failed'> = { failed: { errors: {} } },
): Promise<FormShown> {
  const { tenant, role } = member
  const members = await listMembers(deps, member)
  const shown = { tenant, members, mayChange: roleReaches(role, 'owner'), path: tenantPath(tenant) }
  const view = <TenantPage {...{ ...shown, ...typed, nowMs: deps.clock.now() }} />
  return tenantTabbed(member, '', view)
}
