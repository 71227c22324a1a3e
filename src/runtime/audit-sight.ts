/**
 * What one person sees of a Runtime's audit trail: what was done in data tenants is there for everyone, but how a tenant, a dataset
 * or a token is called is for its members. An owner of the Runtime sees how tenants are called, as everywhere.
 */
import type { AskedSight } from '../server/mod.ts'
import type { DataAccess } from './datasets/access.ts'

type Detail = Parameters<Awaited<ReturnType<AskedSight>>['of']>[0]['detail']

/** Stands for a name that is not told. */
export const LEFT_OUT = '•••'

const OF_TENANTS = /^(data_tenant|dataset|upload_token|import|rollup|connector)s?[._]/
const TENANT_ID = /^dt_[0-9a-z-]{1,64}$/
/** Ids of what is named elsewhere; they name nothing themselves. */
const ID = /^[a-z]{2,4}_[0-9a-f-]{36}$/
/** What is no name: how it was done, and by which terms. */
const PLAIN = new Set(['role', 'clearance', 'code', 'kind', 'shape', 'reason'])

/** A Runtime's trail as who asks may see it. */
export function sightOf(access: Pick<DataAccess, 'list'>): AskedSight {
  return async (c) => {
    const tenants = await access.list(c)
    const mine = tenants.filter(({ role }) => role !== null)
    const [own, ownNames] = [new Set<string>(mine.map(({ id }) => id)), new Set(mine.map(({ name }) => name))]
    const isOwner = c.var.user.role === 'owner'
    return {
      names: new Map(tenants.map(({ id, name }) => [id, name])),
      // Heads, to hold the trail against; the hash of a line is told to nobody, since names are left out for nearly everyone.
      hashes: isOwner,
      of(entry) {
        const { action, subject, detail } = entry
        if (!OF_TENANTS.test(action)) return entry
        const tenant = [detail['dataTenant'], subject].find((id) => typeof id === 'string' && TENANT_ID.test(id))
        if (typeof tenant === 'string' && own.has(tenant)) return entry
        // Its name is all that a line has of a tenant that is being made.
        const isOfTenant = action.startsWith('data_tenant.')
        if (isOfTenant && (isOwner || ownNames.has(subject))) return entry
        return { ...entry, subject: ID.test(subject) ? subject : LEFT_OUT, detail: withoutNames(detail) }
      },
    }
  }
}

function withoutNames(detail: Detail): Detail {
  return Object.fromEntries(
    Object.entries(detail).map(([name, fact]) => {
      const isPlain = typeof fact !== 'string' || PLAIN.has(name) || ID.test(fact) || fact === ''
      return [name, isPlain ? fact : LEFT_OUT]
    }),
  )
}
