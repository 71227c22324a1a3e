/** Who may do what with a data tenant's data: the one door to it for people. What lies behind is had from a `Member` and nowhere else. */
import type { Context } from 'hono'
import { type Accounts, type Role, RoleTooLow, roleReaches } from '../../accounts/mod.ts'
import { codeOf } from '../../base/mod.ts'
import {
  type DataTenant,
  DataTenantNotFound,
  dataTenant,
  ImportNotFound,
  listDataTenants,
  type TenantData,
} from '../../datasets/mod.ts'
import { demand, type PersonEnv } from '../../server/mod.ts'
import type { Clearance, DatasetId, ImportId, ImportReport } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'

/**
 * A member of a data tenant who asks; `actor` is how the audit trail names them, `data` is of this tenant alone, and what is asked of its
 * records and imports is asked with `clearance`.
 */
export type Member = { actor: string; tenant: DataTenant; role: Role; clearance: Clearance; data: TenantData }
/** `role` is null for a Runtime's owner who is no member, and sees id and name. */
export type ListedTenant = Pick<DataTenant, 'id' | 'name'> & { createdAtMs: number | null; role: Role | null }

export type DataAccessDeps = {
  accounts: Pick<Accounts, 'memberships'>
  state: Pick<RuntimeState, 'db' | 'datasets'>
}

export class DataAccess {
  readonly #deps: DataAccessDeps

  constructor(deps: DataAccessDeps) {
    this.#deps = deps
  }

  /**
   * Lets on a member who reaches that role in the data tenant, whatever they are on this Runtime. Refuses `data_tenant.not_found` for
   * who is no member, exactly as for a tenant that is not there, and `account.role_too_low`.
   */
  async demandMember(c: Context<PersonEnv>, id: string, needed: Role): Promise<Member> {
    const { accounts, state } = this.#deps
    const actor = demand(c, 'viewer')
    const membership = await accounts.memberships.find(c.var.user.id, id)
    if (membership === undefined) throw new DataTenantNotFound('there is no such data tenant')
    const tenant = await dataTenant(state, id)
    const { role, clearance } = membership
    if (!roleReaches(role, needed)) throw new RoleTooLow(`this needs the role ${needed} in the data tenant`)
    return { actor, tenant, role, clearance, data: state.datasets.of(tenant.id) }
  }

  /** The data tenants of who asks, by name; for a Runtime's owner all of them. */
  async list(c: Context<PersonEnv>): Promise<ListedTenant[]> {
    const { accounts, state } = this.#deps
    demand(c, 'viewer')
    const { id: user, role: onServer } = c.var.user
    const roles = new Map((await accounts.memberships.list(user)).map(({ dataTenant, role }) => [dataTenant, role]))
    return (await listDataTenants(state)).flatMap(({ id, name, createdAtMs }): ListedTenant[] => {
      const role = roles.get(id)
      if (role !== undefined) return [{ id, name, createdAtMs, role }]
      return onServer === 'owner' ? [{ id, name, createdAtMs: null, role: null }] : []
    })
  }

  /** An import of a dataset of whichever data tenant who asks is a member of. Refuses `import.not_found`. */
  async findImport(c: Context<PersonEnv>, dataset: DatasetId, id: ImportId): Promise<ImportReport> {
    for (const { id: tenant, role } of await this.list(c)) {
      if (role === null) continue
      const { data, clearance } = await this.demandMember(c, tenant, 'viewer')
      const found = await data.import(dataset, id, clearance).catch((error) => {
        if (!NOT_HERE.has(codeOf(error))) throw error
      })
      if (found) return found
    }
    throw new ImportNotFound('there is no such import in this dataset')
  }
}

const NOT_HERE = new Set(['import.not_found', 'dataset.not_found', 'data_tenant.not_found'])
