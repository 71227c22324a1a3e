/**
 * Whom a list leaves out who is known to come: the Platform at 8752, accepted peers at 32100. Judged by the addresses that their names
 * have now; where they come from other ones, as behind a proxy, only their owners know.
 */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../../base/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Door } from './allow-lists.ts'

/** The addresses of a host's name; none where it has none. */
export type AddressesOf = (host: string) => Promise<readonly string[]>
/** `who` is the Platform's address or a peer's name; `addresses` are those of theirs that may not connect. */
export type LeftOut = { list: Door; who: string; addresses: string[] }

export type LeftOutDeps = {
  state: Pick<RuntimeState, 'network' | 'enrolment' | 'peers'>
  clock: Pick<Clock, 'sleep'>
  /** Default: the system's resolver. */
  addressesOf?: AddressesOf
}

/** A resolver that does not answer is not waited for: a list is changed all the same. */
const LOOKUP_MS = 2_000
/** Peers that are looked up: all of a list that a person has made. */
const PEERS_MAX = 64

/** Nobody, while a list is empty. */
export async function leftOut(deps: LeftOutDeps): Promise<LeftOut[]> {
  const { state, addressesOf = byResolver(deps.clock) } = deps
  const known: { list: Door; who: string; host: string }[] = []
  if (state.network.list('management').length > 0) {
    const { platformUrl } = (await state.enrolment.registration()) ?? {}
    if (platformUrl !== undefined) known.push({ list: 'management', who: platformUrl, host: hostOf(platformUrl) })
  }
  if (state.network.list('bridges').length > 0) {
    const { accepted } = await state.peers.list()
    for (const { name, bridgeHost } of accepted.slice(0, PEERS_MAX))
      known.push({ list: 'bridges', who: name, host: bridgeHost })
  }
  const judged = await Promise.all(
    known.map(async ({ list, who, host }) => {
      const addresses = (await addressesOf(host)).filter((address) => !state.network.allows(list, address))
      return { list, who, addresses }
    }),
  )
  return judged.filter(({ addresses }) => addresses.length > 0)
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

function byResolver(clock: Pick<Clock, 'sleep'>): AddressesOf {
  return async (host) => {
    const done = new AbortController()
    const tooLate = clock.sleep(LOOKUP_MS, done.signal).then(
      () => [],
      () => [],
    )
    try {
      const found = lookup(host, { all: true }).then(
        (all) => all.map(({ address }) => address),
        () => [],
      )
      return await Promise.race([found, tooLate])
    } finally {
      done.abort()
    }
  }
}
