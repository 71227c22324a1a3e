/**
 * Drift: whether this Runtime is still as it was set up. Each source says what it finds as one hash and what is wrong in itself; the
 * hash is held against the one on record. Checked at the start and once a day; told to the Platform as hashes and names only.
 */
import { recorded, type Trail } from '../../audit/mod.ts'
import { type Clock, codeOf, rfc3339 } from '../../base/mod.ts'
import { type Inventory, Name, recordOf, Sha256Hex } from '../../wire/mod.ts'
import { DriftChanged, RowNotAuthentic } from '../errors.ts'
import type { OwnerDocuments } from '../state/owner-documents.ts'

export const DRIFT_INTERVAL_MS = 86_400_000

/** SHA-256 in hex of what is found, and what is wrong whatever is on record: names of items, never content. */
export type Looked = { hash: string; faults: readonly string[] }
export type DriftSource = {
  name: string
  /** What it looks at, for people. */
  says: string
  /**
   * `kept`: by the hash that was recorded when its owner last agreed to it. `itself`: what is on record is part of it (signatures,
   * digests, MACs), so only its faults count.
   */
  against: 'kept' | 'itself'
  look: () => Promise<Looked>
}
export type DriftItem = {
  name: string
  says: string
  hash: string
  /** The hash on record, where it is held against one. */
  recorded?: string
  faults: readonly string[]
  differs: boolean
}
export type DriftCheck = { checkedAtMs: number; items: DriftItem[] }

const KEY = 'drift'
const Kept = recordOf(Name, Sha256Hex)
/** Stands for what could not be looked at. */
const NOTHING = '0'.repeat(64)
const NOT_AUTHENTIC: DriftItem = {
  ...{ name: 'record', says: 'The hashes on record: as this Runtime wrote them.', hash: NOTHING, differs: true },
  faults: ['runtime.row_not_authentic'],
}

export type DriftDeps = {
  documents: Pick<OwnerDocuments, 'get' | 'set'>
  trail: Pick<Trail, 'record'>
  clock: Clock
  /** Told when a check finds something else than the one before. */
  changed: () => void
}

export class Drift {
  readonly #deps: DriftDeps
  readonly #sources: DriftSource[] = []
  #last: DriftCheck | undefined
  #checking: Promise<DriftCheck> | undefined

  constructor(deps: DriftDeps) {
    this.#deps = deps
  }

  /** `undefined` before the first check. */
  get last(): DriftCheck | undefined {
    return this.#last
  }

  watch(source: DriftSource): void {
    this.#sources.push(source)
  }

  /** Looks at everything now; two that ask at once get the same check. */
  check(): Promise<DriftCheck> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  /**
   * The owner says that it is meant to be so: what was looked at, name by name with its hash, is on record from now on. Refuses
   * `drift.changed` where something else is found by now, and for what is held against itself.
   */
  async accept(found: Readonly<Record<string, string>>, actor: string): Promise<DriftCheck> {
    const { items } = await this.check()
    for (const [name, hash] of Object.entries(found)) {
      const item = items.find((one) => one.name === name)
      const source = this.#sources.find((one) => one.name === name)
      if (item?.hash !== hash || source?.against !== 'kept')
        throw new DriftChanged(`${name} is not as it was looked at`)
    }
    const detail = { names: Object.keys(found).sort().join(' ').slice(0, 256) }
    await recorded(this.#deps.trail, { actor, action: 'drift.accepted', subject: 'runtime', detail }, async () =>
      this.#deps.documents.set(KEY, { ...(await this.#kept()), ...found }, actor),
    )
    return this.check()
  }

  /** What the inventory tells of the last check. */
  told(): Inventory['drift'] {
    if (!this.#last) return undefined
    const { checkedAtMs, items } = this.#last
    const hashes = Object.fromEntries(items.map(({ name, hash }) => [name, hash]))
    return { checkedAt: rfc3339(checkedAtMs), hashes, differs: differing(this.#last) }
  }

  async #check(): Promise<DriftCheck> {
    const { clock, changed } = this.#deps
    const { kept, isAuthentic } = await this.#keptOrFirst()
    const items: DriftItem[] = isAuthentic ? [] : [NOT_AUTHENTIC]
    for (const source of this.#sources) items.push(itemOf(source, await lookedAt(source), kept[source.name]))
    const [before, check] = [this.#last, { checkedAtMs: clock.now(), items }]
    this.#last = check
    await this.#note(before, check)
    if (!before || differing(before).join() !== differing(check).join()) changed()
    return check
  }

  /** The first check of all puts on record what it finds: nothing was set up before. */
  async #keptOrFirst(): Promise<{ kept: Record<string, string>; isAuthentic: boolean }> {
    const found = await this.#kept()
    if (!found) return { kept: {}, isAuthentic: false }
    const kept = { ...found }
    const unknown = this.#sources.filter(({ name, against }) => against === 'kept' && !Object.hasOwn(kept, name))
    if (unknown.length === 0) return { kept, isAuthentic: true }
    for (const source of unknown) kept[source.name] = (await lookedAt(source)).hash
    const detail = { names: unknown.map(({ name }) => name).join(' ') }
    await this.#deps.trail.record({ actor: 'runtime', action: 'drift.recorded', subject: 'runtime', detail })
    await this.#deps.documents.set(KEY, kept, 'runtime')
    return { kept, isAuthentic: true }
  }

  /** `undefined` where something else wrote it. */
  async #kept(): Promise<Record<string, string> | undefined> {
    try {
      return (await this.#deps.documents.get(KEY, Kept))?.document ?? {}
    } catch (error) {
      if (error instanceof RowNotAuthentic) return undefined
      throw error
    }
  }

  /** Into the trail once for each thing that is found, not with every check. */
  async #note(before: DriftCheck | undefined, check: DriftCheck): Promise<void> {
    const known = new Set(before ? differing(before) : [])
    for (const name of differing(check).filter((one) => !known.has(one))) {
      const item = check.items.find((one) => one.name === name)
      const detail = { found: item?.hash ?? '', faults: (item?.faults ?? []).join(' ').slice(0, 256) }
      await this.#deps.trail.record({ actor: 'runtime', action: 'drift.found', subject: name, detail })
    }
  }
}

function itemOf(
  { name, says, against }: DriftSource,
  { hash, faults }: Looked,
  recordedHash: string | undefined,
): DriftItem {
  const differs = faults.length > 0 || (against === 'kept' && hash !== recordedHash)
  return { name, says, hash, faults, differs, ...(against === 'kept' && recordedHash && { recorded: recordedHash }) }
}

async function lookedAt({ look }: DriftSource): Promise<Looked> {
  try {
    return await look()
  } catch (error) {
    return { hash: NOTHING, faults: [codeOf(error)] }
  }
}

/** Names of what is not as it should be. */
export function differing({ items }: DriftCheck): string[] {
  return items.filter(({ differs }) => differs).map(({ name }) => name)
}
