/** Every version of every deployment that this Runtime understood, under its own key; which one is in force and which one waits. */
import { and, desc, eq, getTableColumns, inArray } from 'drizzle-orm'
import * as v from 'valibot'
import { type Bytes, type Clock, canonicalJson, fromUtf8, utf8 } from '../../base/mod.ts'
import { sha256Hex, unwrap, type WrappingKey, wrap } from '../../crypto/mod.ts'
import { Assignment, DeploymentState, Reason } from '../../wire/mod.ts'
import { DeploymentNotFound, RowNotAuthentic } from '../errors.ts'
import type { RuntimeStore } from './database.ts'

/** Versions kept of one deployment beside the current and the waiting one. */
export const PAST_VERSIONS_MAX = 20

/** What is past is known again by its digest and never opened: its content goes. */
const PAST = { place: 'past' as const, sealed: new Uint8Array() }

export type Place = 'current' | 'waiting' | 'past'
export type KeptAssignment = {
  deployment: string
  version: number
  blueprint: string
  system: string
  place: Place
  state: DeploymentState
  reasons: Reason[]
  digest: string
  signature: string
  receivedAtMs: number
  changedAtMs: number
}
/** Without the sealed content: up to a megabyte that only `open` needs. */
type Row = Omit<RuntimeStore['tables']['runtimeAssignments']['$inferSelect'], 'sealed'>

const Written = v.object({ state: DeploymentState, reasons: v.pipe(v.string(), v.parseJson(), v.array(Reason)) })

/**
 * Opened assignments that are kept in memory, secrets of bridges among them, counted by their sealed bytes: 1,024 deployments with a
 * version in force and one that waits are 2,048 × ~8 KiB = 16 MiB, and some three times that once parsed. What runs is not among them.
 */
const OPENED_BYTES_MAX = 16_777_216

/** `digest`: of the sealed bytes, as they were found authentic. */
type Opened = { digest: string; bytes: number; assignment: Assignment }

export class Assignments {
  readonly #db: RuntimeStore
  readonly #key: WrappingKey
  readonly #clock: Clock
  readonly #openedBytesMax: number
  /** By deployment and version; what was asked for longest ago goes first. */
  readonly #opened = new Map<string, Opened>()
  #openedBytes = 0

  constructor(deps: { db: RuntimeStore; key: WrappingKey; clock: Clock; openedBytesMax?: number }) {
    this.#db = deps.db
    this.#key = deps.key
    this.#clock = deps.clock
    this.#openedBytesMax = deps.openedBytesMax ?? OPENED_BYTES_MAX
  }

  get #table() {
    return this.#db.tables.runtimeAssignments
  }

  get #columns() {
    const { sealed: _sealed, ...columns } = getTableColumns(this.#table)
    return columns
  }

  /**
   * Keeps a version that was understood, sealed. What was `waiting` before becomes past; with `place: 'current'` what was in
   * force does too, in the same transaction.
   */
  async keep(
    assignment: Assignment,
    facts: {
      place: 'current' | 'waiting'
      state: DeploymentState
      reasons: readonly Reason[]
      digest: string
      signature: string
    },
  ): Promise<void> {
    const { deployment, version, blueprint, system } = assignment
    const binding = assignmentBinding(deployment, version)
    const sealed = await wrap(this.#key, binding, utf8(canonicalJson(assignment)))
    const now = this.#clock.now()
    const row = {
      ...{ deployment, version, blueprint, system, sealed, receivedAtMs: now, changedAtMs: now },
      ...{ ...facts, reasons: JSON.stringify(facts.reasons) },
    }
    const places: Place[] = facts.place === 'current' ? ['current', 'waiting'] : ['waiting']
    await this.#db.transaction(async (tx) => {
      await tx.update(this.#table).set(PAST).where(this.#placed(deployment, places))
      const target = [this.#table.deployment, this.#table.version]
      await tx.insert(this.#table).values(row).onConflictDoUpdate({ target, set: row })
    })
    await this.#forgetOldest(deployment)
  }

  /** The waiting version comes into force; the one before it is past. */
  async promote(deployment: string, version: number): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx
        .update(this.#table)
        .set(PAST)
        .where(this.#placed(deployment, ['current']))
      const set = { place: 'current', state: 'preparing', reasons: '[]', changedAtMs: this.#clock.now() } as const
      await tx.update(this.#table).set(set).where(this.#row(deployment, version))
    })
  }

  async setState(deployment: string, version: number, state: DeploymentState, reasons: Reason[]): Promise<void> {
    const set = { state, reasons: JSON.stringify(reasons), changedAtMs: this.#clock.now() }
    await this.#db.update(this.#table).set(set).where(this.#row(deployment, version))
  }

  /** Takes a version out of force or out of the queue. */
  async retire(deployment: string, version: number, state: DeploymentState, reasons: Reason[]): Promise<void> {
    const set = { ...PAST, state, reasons: JSON.stringify(reasons), changedAtMs: this.#clock.now() }
    await this.#db.update(this.#table).set(set).where(this.#row(deployment, version))
  }

  async find(deployment: string, version: number): Promise<KeptAssignment | undefined> {
    const [row] = await this.#db.select(this.#columns).from(this.#table).where(this.#row(deployment, version))
    return row && keptOf(row)
  }

  async placed(deployment: string, place: Place): Promise<KeptAssignment | undefined> {
    const [row] = await this.#db
      .select(this.#columns)
      .from(this.#table)
      .where(this.#placed(deployment, [place]))
    return row && keptOf(row)
  }

  /** All versions, or those in some places; newest deployment first. */
  async list(places: Place[] = ['current', 'waiting', 'past']): Promise<KeptAssignment[]> {
    const rows = await this.#db.select(this.#columns).from(this.#table).where(inArray(this.#table.place, places))
    return rows
      .map(keptOf)
      .sort((a, b) => (a.deployment === b.deployment ? b.version - a.version : a.deployment < b.deployment ? 1 : -1))
  }

  /** The newest version that is known of a deployment, 0 if none is. */
  async newest(deployment: string): Promise<number> {
    const [row] = await this.#db
      .select({ version: this.#table.version })
      .from(this.#table)
      .where(eq(this.#table.deployment, deployment))
      .orderBy(desc(this.#table.version))
      .limit(1)
    return row?.version ?? 0
  }

  /**
   * Opens a version that is in force or waits; `runtime.row_not_authentic` for one that something else wrote. The tenant's
   * signature over it is the caller's to verify.
   */
  async open(deployment: string, version: number): Promise<Assignment> {
    const { sealed } = this.#table
    const [row] = await this.#db.select({ sealed }).from(this.#table).where(this.#row(deployment, version))
    return this.#openSealed(deployment, version, row?.sealed)
  }

  /** Opens these as `open` does, all of them read at once: for who looks at a hundred. */
  async opener(
    wanted: readonly Pick<KeptAssignment, 'deployment' | 'version'>[],
  ): Promise<(deployment: string, version: number) => Promise<Assignment>> {
    const { deployment, version, sealed } = this.#table
    const columns = { deployment, version, sealed }
    const ids = wanted.map((one) => one.deployment)
    const which = and(inArray(this.#table.place, ['current', 'waiting']), inArray(deployment, ids))
    const rows = ids.length === 0 ? [] : await this.#db.select(columns).from(this.#table).where(which)
    const byName = new Map(rows.map((row) => [nameOf(row.deployment, row.version), row.sealed]))
    return (of, at) => this.#openSealed(of, at, byName.get(nameOf(of, at)))
  }

  async #openSealed(deployment: string, version: number, sealed: Bytes | undefined): Promise<Assignment> {
    if (!sealed) throw new DeploymentNotFound(`version ${version} of ${deployment} is not kept here`)
    const name = nameOf(deployment, version)
    const digest = await sha256Hex(sealed)
    const known = this.#opened.get(name)
    // The very bytes that were found authentic before: a page of a hundred deployments need not open each of them every second.
    if (known?.digest === digest) {
      this.#remember(name, known)
      return known.assignment
    }
    try {
      const opened = await unwrap(this.#key, assignmentBinding(deployment, version), sealed)
      const assignment = v.parse(Assignment, JSON.parse(fromUtf8(opened)))
      this.#remember(name, { digest, bytes: sealed.byteLength, assignment })
      return assignment
    } catch (cause) {
      throw new RowNotAuthentic(`version ${version} of ${deployment} is not as this Runtime wrote it`, { cause })
    }
  }

  #remember(name: string, opened: Opened): void {
    this.#unremember(name)
    this.#opened.set(name, opened)
    this.#openedBytes += opened.bytes
    for (const oldest of this.#opened.keys()) {
      if (this.#openedBytes <= this.#openedBytesMax) return
      this.#unremember(oldest)
    }
  }

  #unremember(name: string): void {
    this.#openedBytes -= this.#opened.get(name)?.bytes ?? 0
    this.#opened.delete(name)
  }

  /** All versions of a deployment. */
  async forget(deployment: string): Promise<void> {
    await this.#db.delete(this.#table).where(eq(this.#table.deployment, deployment))
  }

  async #forgetOldest(deployment: string): Promise<void> {
    const past = await this.#db
      .select({ version: this.#table.version })
      .from(this.#table)
      .where(this.#placed(deployment, ['past']))
    const old = past.map((row) => row.version).sort((a, b) => b - a)
    const forgotten = old.slice(PAST_VERSIONS_MAX)
    if (forgotten.length === 0) return
    const which = and(eq(this.#table.deployment, deployment), inArray(this.#table.version, forgotten))
    await this.#db.delete(this.#table).where(which)
  }

  #row(deployment: string, version: number) {
    return and(eq(this.#table.deployment, deployment), eq(this.#table.version, version))
  }

  #placed(deployment: string, places: Place[]) {
    return and(eq(this.#table.deployment, deployment), inArray(this.#table.place, places))
  }
}

function nameOf(deployment: string, version: number): string {
  return `${deployment}/${version}`
}

/** What the wrap of a version is bound to. */
export function assignmentBinding(deployment: string, version: number): { purpose: string; id: string } {
  return { purpose: 'assignment', id: `${deployment}/${version}` }
}

/** A state or reasons that this room never wrote make one row `failed` and leave the others as they are. */
function keptOf({ reasons, state, ...row }: Row): KeptAssignment {
  const known = v.safeParse(Written, { state, reasons })
  if (!known.success) return { ...row, state: 'failed', reasons: [{ code: 'runtime.row_not_authentic' }] }
  return { ...row, ...known.output }
}
