/**
 * From where this Runtime's ports may be reached: a list of networks for 8752 and one for 32100. An empty list lets everyone in, which
 * is how a Runtime begins; this machine itself always gets in.
 */
import * as v from 'valibot'
import { type Clock, Turns } from '../../base/mod.ts'
import { isLoopback, isWithin, type Network, parseAddress, parseNetwork } from '../../host/mod.ts'
import type { Settings } from '../state/settings.ts'
import { NetworkExcludesYou, NetworkMalformed, NetworkNotListed, NetworksTooMany } from './errors.ts'

/** `management` is 8752, `bridges` is 32100. */
export const DOORS = ['management', 'bridges'] as const
export type Door = (typeof DOORS)[number]

/** 256 × ~100 ns = 26 µs for a connection that no entry fits. */
export const NETWORKS_MAX = 256

/** `network` is its canonical text, or a name. */
export type Entry = { network: string; addedBy: string; addedAtMs: number }
/** Networks that are known by a name, as they are now: those that a Platform publishes as its own change without the owner. */
export type NamedNetworks = ReadonlyMap<string, () => readonly Network[]>
/** Who changes a list, and from which address: a list of 8752 that excludes it is refused unless forced. */
export type ChangedBy = { actor: string; address: string; force?: boolean | undefined }

const Kept = v.array(v.object({ network: v.string(), addedBy: v.string(), addedAtMs: v.number() }))
type Lists = Record<Door, readonly Entry[]>
type AllowListsDeps = { settings: Settings; clock: Clock; names?: NamedNetworks }

export class AllowLists {
  readonly #deps: AllowListsDeps
  readonly #turns = new Turns()
  #lists: Lists

  private constructor(deps: AllowListsDeps, lists: Lists) {
    this.#deps = deps
    this.#lists = lists
  }

  static async open(deps: AllowListsDeps): Promise<AllowLists> {
    const kept = async (door: Door) => (await deps.settings.get(keyOf(door), Kept)) ?? []
    return new AllowLists(deps, { management: await kept('management'), bridges: await kept('bridges') })
  }

  /** Whether an address may connect. Asked at every accept, so it reads memory only. */
  allows(door: Door, address: string): boolean {
    return this.#fits(this.#lists[door], address)
  }

  list(door: Door): readonly Entry[] {
    return this.#lists[door]
  }

  /** Adds a network; what is listed already stays as it is. Refuses `network.malformed`, `network.excludes_you`, `network.too_many`. */
  allow(door: Door, text: string, by: ChangedBy): Promise<void> {
    const network = this.#named(text) ?? parseNetwork(text)?.text
    if (network === undefined) throw new NetworkMalformed('that is neither an address nor a network')
    return this.#change(door, by, (entries) => {
      if (entries.some((entry) => entry.network === network)) return entries
      if (entries.length >= NETWORKS_MAX) throw new NetworksTooMany(`a list has at most ${NETWORKS_MAX} networks`)
      return [...entries, { network, addedBy: by.actor, addedAtMs: this.#deps.clock.now() }]
    })
  }

  /** Takes one off; with the last one gone everyone gets in again. Refuses `network.not_listed`, `network.excludes_you`. */
  remove(door: Door, text: string, by: ChangedBy): Promise<void> {
    const network = parseNetwork(text)?.text ?? text
    return this.#change(door, by, (entries) => {
      const left = entries.filter((entry) => entry.network !== network)
      if (left.length === entries.length) throw new NetworkNotListed('this network is not in the list')
      return left
    })
  }

  #change(door: Door, by: ChangedBy, to: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    return this.#turns.run(async () => {
      const entries = to(this.#lists[door])
      if (door === 'management' && by.force !== true && !this.#fits(entries, by.address))
        throw new NetworkExcludesYou(`you ask from ${by.address}, which this list does not have`)
      await this.#deps.settings.set(keyOf(door), entries)
      this.#lists = { ...this.#lists, [door]: entries }
    })
  }

  #fits(entries: readonly Entry[], address: string): boolean {
    if (entries.length === 0 || isLoopback(address)) return true
    const parsed = parseAddress(address)
    if (!parsed) return false
    return entries.some(({ network }) => this.#networksOf(network).some((one) => isWithin(parsed, one)))
  }

  #networksOf(listed: string): readonly Network[] {
    return this.#deps.names?.get(listed)?.() ?? this.#parsed(listed)
  }

  readonly #known = new Map<string, readonly Network[]>()
  #parsed(listed: string): readonly Network[] {
    const known = this.#known.get(listed)
    if (known) return known
    const network = parseNetwork(listed)
    const parsed = network ? [network] : []
    this.#known.set(listed, parsed)
    return parsed
  }

  #named(text: string): string | undefined {
    return this.#deps.names?.has(text.trim()) ? text.trim() : undefined
  }
}

function keyOf(door: Door): string {
  return `network.${door}`
}
