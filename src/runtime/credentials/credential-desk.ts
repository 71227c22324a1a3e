/** What people do with the vault: set, make, try and remove credentials, with a trace of each act and a word on whom it concerns. */
import { recorded, type Trail } from '../../audit/mod.ts'
import type { CredentialSource, CredentialSummary, FieldReference, NewKey, Unavailable, Vault } from '../../keys/mod.ts'
import type { CheckFailure } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { credentialsOf, touchesOf } from '../deployments/examine.ts'
import { ComponentUsage, type ComponentUse, usersOf } from '../deployments/usage.ts'
import { CredentialInUse, CredentialNotChecked } from '../errors.ts'
import type { Assignments } from '../state/assignments.ts'
import type { Workers } from '../supervision/crew.ts'
import type { Checks } from './checks.ts'

/** Components that one request tries, two at a time: with 20 s for each it is answered within three minutes. */
const CHECKED_MAX = 16

export type CredentialDeskDeps = {
  types: ComponentTypes
  vault: Vault
  trail: Pick<Trail, 'record'>
  assignments: Assignments
  workers: Pick<Workers, 'list' | 'replace'>
  checks: Pick<Checks, 'run'>
  /** Told after every change. */
  onChange: () => void
}

/** A credential with those who use it. */
export type CredentialView = CredentialSummary & { uses: readonly ComponentUse[] }
/** `restarted`: deployments that run anew with it. `unavailable`: fields that stand elsewhere and cannot be fetched now. */
export type CredentialSet = CredentialView & { restarted: string[]; unavailable: Unavailable[] }
export type CheckOutcome = Pick<ComponentUse, 'deployment' | 'component' | 'type'> & { failure?: CheckFailure }

/** `replace`: whether one of that name may go for it. */
type NewFields = {
  kind: string
  fields: Readonly<Record<string, string | FieldReference>>
  replace?: boolean | undefined
}
type NewKeyAsked = NewKey & Pick<NewFields, 'replace'>

export class CredentialDesk {
  readonly #deps: CredentialDeskDeps
  readonly #usage: ComponentUsage

  constructor(deps: CredentialDeskDeps) {
    this.#deps = deps
    this.#usage = new ComponentUsage({ ...deps, names: ({ credentials }) => credentials })
  }

  /** Where values may come from beside the vault. */
  get sources(): readonly CredentialSource[] {
    return this.#deps.vault.sources
  }

  async list(): Promise<CredentialView[]> {
    const uses = await this.#usage.all()
    return (await this.#deps.vault.list()).map((one) => ({ ...one, uses: uses.get(one.name) ?? [] }))
  }

  /** Refuses `credential.not_found`. */
  async find(name: string): Promise<CredentialView> {
    return { ...(await this.#deps.vault.find(name)), uses: await this.#usage.of(name) }
  }

  /** Keeps or replaces one, and lets what runs with it begin anew: a worker holds what it was lent. Refuses what the vault refuses. */
  async set(name: string, { kind, fields, replace = true }: NewFields, actor: string): Promise<CredentialSet> {
    const act = { actor, action: 'credential.set', subject: name, detail: { kind } }
    return this.#changed(await recorded(this.#deps.trail, act, () => this.#deps.vault.set(name, fields, kind, replace)))
  }

  /** The same with a key that is made here; refuses `credential.exists` unless one of that name is to be replaced. */
  async generate(name: string, { replace = false, ...key }: NewKeyAsked, actor: string): Promise<CredentialSet> {
    const detail = { kind: key.kind, algorithm: key.algorithm }
    const act = { actor, action: 'credential.generated', subject: name, detail }
    return this.#changed(await recorded(this.#deps.trail, act, () => this.#deps.vault.generate(name, key, replace)))
  }

  /**
   * Removes one. Where it is used that must be meant (`force`): refuses `credential.in_use` otherwise, naming whom it would hurt.
   * What runs keeps what it was lent until it is started again, and fails then.
   */
  async remove(name: string, force: boolean, actor: string): Promise<CredentialView> {
    const { vault, trail, onChange } = this.#deps
    const found = await this.find(name)
    if (found.uses.length > 0 && !force) throw new CredentialInUse(`${name} is used by ${usersOf(found.uses)}`)
    const act = { actor, action: 'credential.removed', subject: name, detail: { uses: found.uses.length } }
    await recorded(trail, act, () => vault.remove(name))
    onChange()
    return found
  }

  /**
   * Tries it with the components in force that use it, those whose flow has ended too, or with those of one deployment, or one component. One whose version still
   * waits is never tried: its hosts and paths are not approved, and a check would carry the secret there. Refuses
   * `credential.not_found`, and `credential.not_checked` where nothing can try it.
   */
  async check(
    name: string,
    which: { deployment?: string; component?: string },
    actor: string,
  ): Promise<CheckOutcome[]> {
    await this.#deps.vault.find(name)
    const uses = (await this.#usage.of(name)).filter(
      ({ deployment, component, waits, checks }) =>
        !waits &&
        checks &&
        (which.deployment === undefined || which.deployment === deployment) &&
        (which.component === undefined || which.component === component),
    )
    if (uses.length === 0) throw new CredentialNotChecked(`no component in force that can try ${name} uses it`)
    const tried = uses.slice(0, CHECKED_MAX)
    const act = { actor, action: 'credential.checked', subject: name, detail: { components: tried.length } }
    return recorded(this.#deps.trail, act, () => Promise.all(tried.map((use) => this.#try(use, name))))
  }

  async #try({ deployment, version, component: named, type }: ComponentUse, name: string): Promise<CheckOutcome> {
    const { assignments, checks, types } = this.#deps
    const { components } = await assignments.open(deployment, version)
    const component = components.find((one) => one.name === named)
    if (!component) throw new CredentialNotChecked(`${named} does not use ${name} any more`)
    const failure = await checks.run(component, new Set(touchesOf(component, types).touches.credentials))
    return { deployment, component: named, type, ...(failure && { failure }) }
  }

  async #changed(summary: CredentialSummary): Promise<CredentialSet> {
    const { workers, types, onChange } = this.#deps
    const restarted: string[] = []
    for (const { assignment, state } of workers.list()) {
      if (state === 'stopped' || state === 'draining' || !credentialsOf(assignment, types).has(summary.name)) continue
      workers.replace(assignment)
      restarted.push(assignment.deployment)
    }
    onChange()
    // Kept all the same: a file or a variable may come later than its credential.
    const unavailable = await this.#deps.vault.unavailable(summary.name)
    return { ...summary, uses: await this.#usage.of(summary.name), restarted, unavailable }
  }
}
