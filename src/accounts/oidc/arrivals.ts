/** Who a person is here whom a provider vouches for: known by issuer and subject, and by nothing else that a provider says. */
import { and, eq, isNull } from 'drizzle-orm'
import { identities, users } from '../../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from '../deps.ts'
import { AccountNameTaken, IdentityTaken, OidcNotAllowed } from '../errors.ts'
import { type Role, roleReaches, type User } from '../roles.ts'
import { insertUser, keepingAnOwner, validName } from '../users.ts'
import type { Subject, Vouched } from './provider.ts'
import type { OidcSettings } from './settings.ts'

/** An account at a provider that signs a user in here; `since`: ms since 1970. */
export type Identity = { issuer: string; subject: string; since: number }
/** What a sign-in does to the accounts, to be told before it is done. */
export type Plan = { kind: 'known'; user: User; role?: Role } | { kind: 'new'; name: string; role: Role }

/** Decides, and changes nothing. Refuses `oidc.not_allowed`, `account.name_taken` (an account is never taken over by its name). */
export async function planArrival(deps: AccountsDeps, settings: OidcSettings, vouched: Vouched): Promise<Plan> {
  const role = roleOf(settings, vouched.claims)
  const known = await deps.db
    .select({ id: users.id, name: users.name, role: users.role, managed: identities.managed })
    .from(identities)
    .innerJoin(users, eq(users.id, identities.userId))
    .where(and(isVouched(vouched), isNull(users.disabledAtMs)))
    .get()
  if (known === undefined) {
    if (await isTaken(deps, vouched)) throw refusal()
    if (!mayCome(settings, vouched) || role === null) throw refusal()
    const name = nameOf(vouched.claims)
    if (await isNamed(deps, name)) throw new AccountNameTaken(NAME_TAKEN)
    return { kind: 'new', name, role }
  }
  const { managed, ...user } = known
  if (!managed || settings.roleClaim === null) return { kind: 'known', user }
  // Whose role the provider decides loses the way in with the role.
  if (role === null) throw refusal()
  return role === user.role ? { kind: 'known', user } : { kind: 'known', user, role }
}

/** Does what was planned. Refuses `account.name_taken`, `account.last_owner`, `account.too_many`. */
export async function arrive(deps: AccountsDeps, vouched: Vouched, plan: Plan): Promise<User> {
  if (plan.kind === 'new') {
    return within(deps, async (tx) => {
      const user = await insertUser(tx, plan)
      await link(tx, user.id, vouched, true)
      return user
    }).catch((error: unknown) => {
      if (error instanceof AccountNameTaken) throw new AccountNameTaken(NAME_TAKEN, { cause: error })
      throw error
    })
  }
  const { user, role } = plan
  if (role === undefined) return user
  return keepingAnOwner(deps, async (tx) => {
    await tx.db.update(users).set({ role }).where(eq(users.id, user.id))
    return { ...user, role }
  })
}

const NAME_TAKEN = 'a user here has this name; sign in as that user and link the account at the provider'

/** Lets an account at the provider sign a user in. Refuses `oidc.identity_taken`. */
export function linkIdentity(deps: AccountsDeps, userId: string, vouched: Subject): Promise<void> {
  return within(deps, (tx) => link(tx, userId, vouched, false))
}

/** Of one user. */
export async function listIdentities(deps: AccountsDeps, userId: string): Promise<Identity[]> {
  const rows = await deps.db.select().from(identities).where(eq(identities.userId, userId))
  return rows.map(({ issuer, subject, linkedAtMs }) => ({ issuer, subject, since: linkedAtMs }))
}

/** Takes all of a user's away; how they sign in then is by password. Refuses `account.last_owner`. */
export function unlinkIdentities(deps: AccountsDeps, userId: string): Promise<void> {
  return keepingAnOwner(deps, async (tx) => {
    await tx.db.delete(identities).where(eq(identities.userId, userId))
  })
}

async function link(tx: WithinDeps, userId: string, vouched: Subject, managed: boolean): Promise<void> {
  const { issuer, subject } = vouched
  const there = await tx.db.select({ userId: identities.userId }).from(identities).where(isVouched(vouched)).get()
  if (there && there.userId !== userId) throw new IdentityTaken('this account signs in another user here')
  if (there) return
  await tx.db.insert(identities).values({ issuer, subject, userId, managed, linkedAtMs: tx.clock.now() })
}

function isVouched({ issuer, subject }: Subject) {
  return and(eq(identities.issuer, issuer), eq(identities.subject, subject))
}

async function isNamed(deps: AccountsDeps, name: string): Promise<boolean> {
  return (await deps.db.select({ id: users.id }).from(users).where(eq(users.name, name)).get()) !== undefined
}

/** By a user who is disabled: they must not come back as another. */
async function isTaken(deps: AccountsDeps, vouched: Subject): Promise<boolean> {
  return (await deps.db.select().from(identities).where(isVouched(vouched)).get()) !== undefined
}

/** A mail address counts only where the provider has verified it: others are what a person typed there. */
function mayCome({ allowedDomains, allowedSubjects }: OidcSettings, { subject, claims }: Vouched): boolean {
  if (allowedSubjects.includes(subject)) return true
  const email = claims['email_verified'] === true ? textOf(claims['email']) : undefined
  const domain = email?.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return domain !== undefined && email?.includes('@') === true && allowedDomains.includes(domain)
}

/** The highest role that a value of the claim has. */
function roleOf(settings: OidcSettings, claims: Vouched['claims']): Role | null {
  if (settings.roleClaim === null) return settings.defaultRole
  const claim = claims[settings.roleClaim]
  const values = Array.isArray(claim) ? claim : [claim]
  let highest: Role | null = null
  for (const value of values) {
    const role = typeof value === 'string' && Object.hasOwn(settings.roles, value) ? settings.roles[value] : undefined
    if (role !== undefined && (highest === null || roleReaches(role, highest))) highest = role
  }
  return highest ?? settings.defaultRole
}

/** Refuses `oidc.not_allowed`. */
function nameOf(claims: Vouched['claims']): string {
  try {
    return validName(textOf(claims['preferred_username']) ?? textOf(claims['email']) ?? '')
  } catch (cause) {
    throw new OidcNotAllowed('the provider gives no name that could be one here', { cause })
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined
}

function refusal(): OidcNotAllowed {
  return new OidcNotAllowed('nobody here has let this account in')
}
