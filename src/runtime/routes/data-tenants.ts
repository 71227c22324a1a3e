/**
 * /v1/data-tenants: parties whose datasets are kept apart, and who is a member of which. Whatever a user is on this Runtime, the role
 * inside the data tenant decides; to who is no member there it is not there.
 */
import * as v from 'valibot'
import { CLEARANCES, ROLES } from '../../accounts/mod.ts'
import { naming, rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import type { DataAccess, ListedTenant } from '../datasets/access.ts'
import {
  createTenant,
  grantRole,
  listMembers,
  removeTenant,
  revokeRole,
  type TenantActsDeps,
} from '../datasets/tenant-acts.ts'

export type DataTenantRoutesDeps = TenantActsDeps & { access: DataAccess }

/** Of a data tenant in a path; one that is not an id at all is one that is not there. */
export const OfTenant = v.object({ dataTenant: v.pipe(v.string(), v.maxLength(64)) })
/** Of a party, as people write it. */
export const TenantName = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(64),
  v.regex(/^\P{C}*$/u, naming('must be a name without control characters')),
)
const RoleName = v.picklist(ROLES)
const OfMember = v.object({ ...OfTenant.entries, user: v.pipe(v.string(), v.maxLength(256)) })

const Grant = v.strictObject({ role: RoleName, clearance: v.optional(v.picklist(CLEARANCES)) })

const TenantJson = v.object({
  ...{ id: v.string(), name: v.string() },
  /** Null for who is no member. */
  ...{ createdAt: v.nullable(v.string()), role: v.nullable(RoleName) },
})
const MemberJson = v.object({
  user: v.object({ id: v.string(), name: v.string() }),
  /** Up to which class of fields they see values. */
  ...{ role: RoleName, clearance: v.picklist(CLEARANCES), since: v.string() },
})

export function dataTenantRoutes(deps: DataTenantRoutesDeps): ApiRoutes {
  const { access } = deps
  return new ApiRoutes('Data tenants')
    .get(
      '/',
      {
        summary: 'The data tenants that you are a member of; for an owner of this Runtime all, by id and name.',
        ...{ role: 'viewer', answer: v.object({ dataTenants: v.array(TenantJson) }) },
      },
      async ({ c }) => ({ dataTenants: (await access.list(c)).map(tenantAsJson) }),
    )
    .post(
      '/',
      {
        summary: 'Makes a data tenant; you become its first owner.',
        ...{ role: 'owner', fresh: true, body: v.strictObject({ name: TenantName }), answer: TenantJson, status: 201 },
      },
      async ({ c, actor, body }) =>
        tenantAsJson({ ...(await createTenant(deps, body.name, { id: c.var.user.id, actor })), role: 'owner' }),
    )
    .get(
      '/:dataTenant',
      { summary: 'One data tenant.', role: 'viewer', params: OfTenant, answer: TenantJson },
      async ({ c, params }) => {
        const { tenant, role } = await access.demandMember(c, params.dataTenant, 'viewer')
        return tenantAsJson({ ...tenant, role })
      },
    )
    .delete(
      '/:dataTenant',
      {
        summary:
          'Destroys a data tenant: datasets, documents, upload tokens, memberships and keys. Needs its role owner. The audit trail certifies it.',
        ...{ role: 'viewer', fresh: true, params: OfTenant },
      },
      async ({ c, params }) => removeTenant(deps, await access.demandMember(c, params.dataTenant, 'owner')),
    )
    .get(
      '/:dataTenant/members',
      {
        summary: 'Its members, the earliest first.',
        ...{ role: 'viewer', params: OfTenant, answer: v.object({ members: v.array(MemberJson) }) },
      },
      async ({ c, params }) => {
        const member = await access.demandMember(c, params.dataTenant, 'viewer')
        const members = await listMembers(deps, member)
        return { members: members.map(({ since, ...one }) => ({ ...one, since: rfc3339(since) })) }
      },
    )
    .put(
      '/:dataTenant/members/:user',
      {
        summary:
          'Gives a user, by id or name, a role and a clearance in the data tenant; without a clearance a member keeps theirs, and a new one sees public fields. Needs its role owner.',
        ...{ role: 'viewer', fresh: true, params: OfMember, body: Grant },
      },
      async ({ c, params: { dataTenant, user }, body }) =>
        grantRole(deps, await access.demandMember(c, dataTenant, 'owner'), { user, ...body }),
    )
    .delete(
      '/:dataTenant/members/:user',
      {
        summary: 'Takes a user’s role in the data tenant away. Needs its role owner; the last one stays.',
        ...{ role: 'viewer', fresh: true, params: OfMember },
      },
      async ({ c, params: { dataTenant, user } }) =>
        revokeRole(deps, await access.demandMember(c, dataTenant, 'owner'), user),
    )
}

function tenantAsJson({ id, name, createdAtMs, role }: ListedTenant): v.InferInput<typeof TenantJson> {
  return { id, name, createdAt: createdAtMs === null ? null : rfc3339(createdAtMs), role }
}
