/** People who may sign in: what an owner does with them, each act told to the audit trail first, and the API routes for it. */
import type { Context } from 'hono'
import * as v from 'valibot'
import {
  type Accounts,
  type AuthVariables,
  LINK_LIFETIME_MS,
  type Membership,
  ROLES,
  type Role,
  roleReaches,
  type User,
  type UserSummary,
} from '../../accounts/mod.ts'
import { recorded, type Trail } from '../../audit/mod.ts'
import { type Clock, rfc3339 } from '../../base/mod.ts'
import { MACHINE_TOKEN } from '../access-file.ts'
import { ApiRoutes } from '../api.ts'
import { DataTenantOwned, SessionNeeded } from '../errors.ts'
import { Instant } from '../inputs.ts'
import type { PersonEnv } from '../person.ts'

export type PeopleDeps = {
  accounts: Accounts
  trail: Pick<Trail, 'record'>
  clock: Clock
  /** Base of this application for browsers, `https://host:port` and the path before its pages: one-time links begin with it. */
  address: () => string
  /** An owner came or went: whoever speaks for one on this machine looks again. */
  ownersChanged: () => Promise<void>
  /** The data tenants that who asks may know, by id: what each is called, and its page where they may open it. A Platform has none. */
  knownTenants?: (c: Context<PersonEnv>) => Promise<ReadonlyMap<string, { name: string; href?: string }>>
}

/** What an act is done with, and by whom (`user:<id>`). */
export type ByActor = PeopleDeps & { actor: string }
/** The same for acts that hang on how the person proved themselves. */
export type ByPerson = ByActor & { by: AuthVariables['user'] }
/** A one-time link to hand to its user; `expiresAt`: RFC 3339. */
export type Handed = { link: string; expiresAt: string }

/** Makes a user, and the link by which they set their first password. Refuses `account.name_taken`, `account.name_invalid`, `account.too_many`. */
export async function invite(
  deps: ByActor,
  { name, role }: { name: string; role: Role },
): Promise<Handed & { user: User }> {
  const { accounts, trail, actor } = deps
  const act = { actor, action: 'user.invited', subject: name.slice(0, 64), detail: { role } }
  const user = await recorded(trail, act, () => accounts.createUser({ name, role }))
  return { user, ...(await handed(deps, user.id)) }
}

/** A new link to set a password, for who lost theirs. The links made before stop working. Refuses `account.not_found`, `account.session_needed`. */
export async function makeLink(deps: ByPerson, idOrName: string): Promise<Handed & { user: User }> {
  const { accounts, trail, actor } = deps
  const { id, name, role } = await accounts.findUser(idOrName)
  await refuseOwnToken(deps, id)
  const act = { actor, action: 'user.link_made', subject: id }
  return { user: { id, name, role }, ...(await recorded(trail, act, () => handed(deps, id))) }
}

/** Refuses `account.not_found`, `account.name_taken`, `account.name_invalid`. */
export async function rename({ accounts, trail, actor }: ByActor, idOrName: string, name: string): Promise<User> {
  const user = await accounts.findUser(idOrName)
  const act = { actor, action: 'user.renamed', subject: user.id, detail: { from: user.name, to: name.slice(0, 64) } }
  return recorded(trail, act, () => accounts.renameUser(user.id, name))
}

/** Refuses `account.not_found`, `account.last_owner`. */
export async function giveRole(deps: ByActor, idOrName: string, role: Role): Promise<User> {
  const { accounts, trail, actor } = deps
  const user = await accounts.findUser(idOrName)
  const act = { actor, action: 'user.role_set', subject: user.id, detail: { from: user.role, to: role } }
  const done = await recorded(trail, act, () => accounts.setRole(user.id, role))
  await deps.ownersChanged()
  return done
}

const DONE = { disable: 'user.disabled', enable: 'user.enabled', remove: 'user.removed' } as const

/** Refuses `account.not_found`, `account.last_owner`. */
export async function switchUser(deps: ByActor, idOrName: string, to: keyof typeof DONE): Promise<User> {
  const { accounts, trail, actor } = deps
  const { id, name } = await accounts.findUser(idOrName)
  const work = { disable: accounts.disableUser, enable: accounts.enableUser, remove: accounts.removeUser }[to]
  const done = await recorded(trail, { actor, action: DONE[to], subject: id, detail: { name } }, () => work(id))
  await deps.ownersChanged()
  return done
}

/** For who lost their authenticator and the recovery codes; their sessions end. Refuses `account.not_found`, `totp.missing`, `account.session_needed`. */
export async function resetTotp(deps: ByPerson, idOrName: string): Promise<void> {
  const { accounts, trail, actor } = deps
  const { id } = await accounts.findUser(idOrName)
  await refuseOwnToken(deps, id)
  await recorded(trail, { actor, action: 'user.totp_removed', subject: id }, () => accounts.totp.remove(id))
}

/**
 * How a person signs in is changed by the person, or by another owner: not by a token that speaks for the same person and may have
 * leaked. Who reads this machine's `access.json` has the data folder, and may get a locked out owner back in. Refuses
 * `account.session_needed`.
 */
async function refuseOwnToken({ accounts, by: { via, id, credential } }: ByPerson, userId: string): Promise<void> {
  if (via !== 'token' || userId !== id) return
  const token = (await accounts.listApiTokens(id)).find((one) => one.id === credential)
  if (token?.name !== MACHINE_TOKEN) throw new SessionNeeded('a token cannot change how its own user signs in')
}

/** Gives a data tenant that lost its owners one again. Refuses `data_tenant.owned`, `account.not_found`, `data_tenant.invalid`. */
export async function grantMembership(
  { accounts, trail, actor }: ByActor,
  idOrName: string,
  { dataTenant, role }: { dataTenant: string; role: Role },
): Promise<void> {
  const { id } = await accounts.findUser(idOrName)
  const members = await accounts.memberships.of(dataTenant)
  if (members.some((member) => member.role === 'owner')) {
    throw new DataTenantOwned('the owners of a data tenant alone give roles in it')
  }
  const act = {
    actor,
    action: 'data_tenant.granted',
    subject: id,
    detail: { dataTenant: dataTenant.slice(0, 128), role },
  }
  await recorded(trail, act, () => accounts.memberships.grant({ user: id, dataTenant, role }))
}

/** Refuses `account.not_found`, `data_tenant.not_member`, `data_tenant.last_owner`. */
export async function revokeMembership(
  { accounts, trail, actor }: ByActor,
  idOrName: string,
  dataTenant: string,
): Promise<void> {
  const { id } = await accounts.findUser(idOrName)
  const act = { actor, action: 'data_tenant.revoked', subject: id, detail: { dataTenant: dataTenant.slice(0, 128) } }
  await recorded(trail, act, () => accounts.memberships.revoke(id, dataTenant))
}

async function handed({ accounts, clock, address }: PeopleDeps, userId: string): Promise<Handed> {
  const token = await accounts.oneTimeLink(userId, 'set-password')
  return { link: `${address()}/link/${token}`, expiresAt: rfc3339(clock.now() + LINK_LIFETIME_MS) }
}

export const RoleName = v.picklist(ROLES)
const Name = v.pipe(v.string(), v.maxLength(256))
const UserJson = v.object({ id: v.string(), name: v.string(), role: RoleName })
/** What a user is in data tenants, as far as who asks may know: their own, for owners all, else those of tenants that both know. */
export async function membershipsShown(c: Context<PersonEnv>, deps: PeopleDeps, user: string): Promise<Membership[]> {
  const { id, role } = c.var.user
  const memberships = await deps.accounts.memberships.list(user)
  if (id === user || roleReaches(role, 'owner')) return memberships
  const known = await deps.knownTenants?.(c)
  return memberships.filter(({ dataTenant }) => known?.has(dataTenant))
}

const Listed = v.object({
  ...UserJson.entries,
  ...{ createdAt: Instant, hasPassword: v.boolean(), hasTotp: v.boolean(), hasIdentity: v.boolean() },
  disabledAt: v.nullable(Instant),
})
const Member = v.object({ dataTenant: v.string(), role: RoleName, since: Instant })
const Detail = v.object({ ...Listed.entries, dataTenants: v.array(Member) })
const Link = v.object({ user: UserJson, link: v.string(), expiresAt: Instant })
const ByUser = v.object({ user: Name })
const OfTenant = v.object({ user: Name, dataTenant: v.pipe(v.string(), v.maxLength(128)) })
const Change = v.strictObject({ name: v.optional(Name), role: v.optional(RoleName) })

/** Every `:user` is an id or a name. */
export function peopleRoutes(deps: PeopleDeps): ApiRoutes {
  const { accounts } = deps
  const danger = { role: 'owner', fresh: true, params: ByUser } as const
  return new ApiRoutes('People')
    .get(
      '/',
      { summary: 'Users, by name.', role: 'viewer', answer: v.object({ users: v.array(Listed) }) },
      async () => ({
        users: (await accounts.listUsers()).map(listed),
      }),
    )
    .post(
      '/',
      {
        summary: 'Invites a user: the one-time link in the answer sets their password.',
        ...{
          role: 'owner',
          fresh: true,
          body: v.strictObject({ name: Name, role: RoleName }),
          answer: Link,
          status: 201,
        },
      },
      ({ actor, body }) => invite({ ...deps, actor }, body),
    )
    .get('/:user', { summary: 'One user.', role: 'viewer', params: ByUser, answer: Detail }, async ({ c, params }) => {
      const user = await accounts.findUser(params.user)
      const dataTenants = (await membershipsShown(c, deps, user.id)).map(({ dataTenant, role, since }) => ({
        dataTenant,
        role,
        since: rfc3339(since),
      }))
      return { ...listed(user), dataTenants }
    })
    .patch(
      '/:user',
      {
        summary: 'Changes name or role; the role holds from the next request on.',
        ...danger,
        body: Change,
        answer: UserJson,
      },
      async ({ actor, params, body }) => {
        const by = { ...deps, actor }
        const { id } = await accounts.findUser(params.user)
        if (body.name !== undefined) await rename(by, id, body.name)
        if (body.role !== undefined) await giveRole(by, id, body.role)
        return userOnly(await accounts.findUser(id))
      },
    )
    .post(
      '/:user/link',
      {
        summary: 'Makes a new one-time link that sets the password; links made before stop working.',
        ...danger,
        answer: Link,
      },
      ({ c, actor, params }) => makeLink({ ...deps, actor, by: c.var.user }, params.user),
    )
    .post(
      '/:user/disable',
      { summary: 'Ends everything of a user until they are enabled again.', ...danger, answer: UserJson },
      ({ actor, params }) => switchUser({ ...deps, actor }, params.user, 'disable'),
    )
    .post('/:user/enable', { summary: 'Lets a user in again.', ...danger, answer: UserJson }, ({ actor, params }) =>
      switchUser({ ...deps, actor }, params.user, 'enable'),
    )
    .delete(
      '/:user',
      { summary: 'Removes a user and all that is theirs.', ...danger, answer: UserJson },
      ({ actor, params }) => switchUser({ ...deps, actor }, params.user, 'remove'),
    )
    .delete(
      '/:user/totp',
      { summary: 'Takes away a lost authenticator and its recovery codes; sessions end.', ...danger },
      ({ c, actor, params }) => resetTotp({ ...deps, actor, by: c.var.user }, params.user),
    )
}

/** Memberships of data tenants, which a Runtime has and a Platform has not. */
export function membershipRoutes(deps: PeopleDeps): ApiRoutes {
  const danger = { role: 'owner', fresh: true, params: OfTenant } as const
  return new ApiRoutes('People')
    .put(
      '/:user/data-tenants/:dataTenant',
      {
        summary: 'Gives a user a role in a data tenant that has no owner any more.',
        ...danger,
        body: v.strictObject({ role: RoleName }),
      },
      ({ actor, params, body }) =>
        grantMembership({ ...deps, actor }, params.user, { dataTenant: params.dataTenant, role: body.role }),
    )
    .delete(
      '/:user/data-tenants/:dataTenant',
      { summary: 'Takes a user’s role in a data tenant away.', ...danger },
      ({ actor, params }) => revokeMembership({ ...deps, actor }, params.user, params.dataTenant),
    )
}

function listed(user: UserSummary) {
  const { createdAt, disabledAt, ...rest } = user
  return { ...rest, createdAt: rfc3339(createdAt), disabledAt: disabledAt === null ? null : rfc3339(disabledAt) }
}

function userOnly({ id, name, role }: User): User {
  return { id, name, role }
}
