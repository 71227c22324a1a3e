/** Records of several repositories or projects, each pulled by the time of its last change, oldest first. */
import type { Clock } from '../../base/mod.ts'
import type { PulledPage } from '../definition.ts'
import { SitePagesEndless } from '../errors.ts'
import { Taking } from './bounds.ts'
import type { ProgressByScope, ScopeProgress } from './by-scope.ts'
import { type PulledRecord, recordsDocument } from './documents.ts'
import type { Version } from './seen.ts'
import type { SiteAnswer } from './site-client.ts'
import { pagesOfWindow } from './window.ts'

/** Five minutes: what a site lists may be behind by so much. */
export const OVERLAP_MS = 300_000
/** A time that is further ahead of any clock is wrong, and would hide what comes before it. */
export const AHEAD_MS = 86_400_000

/** What a site lists; without a record where it is nothing that is pulled. */
export type ListedRecord = Version & { record: PulledRecord | undefined }
/** `next`: a URL of the site. */
export type UpdatedPage = { answer: SiteAnswer; found: readonly ListedRecord[]; next: string | undefined }
type Fetched = UpdatedPage & { ids: string[]; reachedMs: number | undefined }

export type UpdatedRecords = {
  url: string
  clock: Clock
  progress: ProgressByScope
  /** By what the site compares times. */
  stepMs: number
  /** `since`: from that time on. `place`: the URL of a further page. `tag`: of the first page as it was before, for the same time. */
  fetch(
    scope: string,
    asked: { since: number | undefined; place: string | undefined; tag: string | undefined },
  ): Promise<UpdatedPage>
}

export async function* updatedRecords(asked: UpdatedRecords): AsyncGenerator<PulledPage, void> {
  const { url, clock, progress } = asked
  const taking = new Taking({ url, clock })
  let number = 0
  for (const [name, scope] of progress.entries())
    for await (const { found } of pagesOf(asked, taking, name, scope)) {
      const fresh = scope.seen.take(found).flatMap(({ record }) => (record ? [record] : []))
      if (fresh.length > 0) yield { ...recordsDocument(`records-${++number}`, fresh), cursor: progress.cursor() }
    }
}

function pagesOf(
  { url, stepMs, fetch }: UpdatedRecords,
  taking: Taking,
  name: string,
  scope: ScopeProgress,
): AsyncGenerator<Fetched, void> {
  const sinceMs = scope.seen.beginsMs(OVERLAP_MS)
  const endless = (how: string): Error => new SitePagesEndless(`the pages of ${new URL(url).host} for ${name} ${how}`)
  const page = async (fromMs: number | undefined, place: string | undefined): Promise<Fetched> => {
    const before = place === undefined && fromMs !== undefined ? scope.unchanged : undefined
    const tag = before?.fromMs === fromMs ? before?.tag : undefined
    const got = await fetch(name, { since: fromMs, place, tag })
    taking.count(got.answer)
    if (got.answer.status !== 304) scope.unchanged = undefined
    const { etag } = got.answer.headers
    // Only a page that is all there is tells by its tag that nothing has come.
    if (place === undefined && fromMs !== undefined && got.next === undefined && isTag(etag))
      scope.unchanged = { fromMs, tag: etag }
    const times = got.found.map(({ atMs }) => atMs)
    return { ...got, ids: got.found.map(({ id }) => id), reachedMs: times.length > 0 ? Math.max(...times) : undefined }
  }
  return pagesOfWindow({ stepMs, backMs: stepMs, isNumbered: true, fetch: page, endless }, sinceMs)
}

function isTag(tag: string | undefined): tag is string {
  return tag !== undefined && /^(?:W\/)?"[^"]{1,200}"$/.test(tag)
}
