/**
 * Which records are gone from each of several projects or repositories. One that is not shown any more has lost nothing: who asks has
 * lost access to it, and nothing is removed.
 */
import { codeOf } from '../base/mod.ts'
import type { PullContext, PulledPage } from './definition.ts'
import { SitePagesEndless } from './errors.ts'
import { CENSUS_KEYS_MAX, goneKeys, removalsPage } from './gone.ts'

const HIDDEN = new Set(['connector.site_has_not', 'connector.site_forbade'])
/** Of a name in that of a file. */
const NAME_LENGTH_MAX = 80

export type ScopesCensus = Pick<PullContext, 'knownKeys' | 'warn'> & {
  /** Host of the site. */
  host: string
  /** What a scope is there. */
  noun: 'project' | 'repository'
  scopes: readonly string[]
  /** Fails with what the site says where it does not show it. */
  look(scope: string): Promise<unknown>
  /** All keys that it shows, page by page. */
  keysOf(scope: string): AsyncIterable<readonly string[]>
  isThere(scope: string, key: string): Promise<boolean>
}

/** A document of removals for each scope that lost some; `cursor` is that of each. */
export async function* removedByScope(census: ScopesCensus, cursor: () => unknown): AsyncGenerator<PulledPage, void> {
  const { scopes, knownKeys, isThere, warn } = census
  for (const scope of scopes) {
    if (!(await isShown(census, scope))) continue
    const removed = await goneKeys({
      ...{
        known: knownKeys('project', scope),
        shown: () => shownKeys(census, scope),
        warn,
        what: `issues of ${scope}`,
      },
      isThere: (key) => isThere(scope, key),
    })
    // Who asks may have lost access meanwhile.
    if (removed.length === 0 || !(await isShown(census, scope))) continue
    const name = scope.replace(/[^A-Za-z0-9_.-]/g, '-').slice(-NAME_LENGTH_MAX)
    yield removalsPage(removed, `removals-${name}.json`, cursor())
  }
}

async function* shownKeys({ host, keysOf }: ScopesCensus, scope: string): AsyncGenerator<string, void> {
  let found = 0
  for await (const keys of keysOf(scope)) {
    yield* keys
    found += keys.length
    if (found > 2 * CENSUS_KEYS_MAX)
      throw new SitePagesEndless(`the census of ${scope} at ${host} does not come to an end`)
  }
}

async function isShown({ look, noun, warn }: ScopesCensus, scope: string): Promise<boolean> {
  try {
    await look(scope)
    return true
  } catch (error) {
    if (!HIDDEN.has(codeOf(error))) throw error
    warn(
      `connector.${noun}_hidden`,
      `The site does not show the ${noun} ${scope} to who asks: nothing of it was removed.`,
    )
    return false
  }
}
