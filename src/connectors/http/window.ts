/**
 * Every record that was updated since a time, oldest update first, so that none is passed over while others are changed meanwhile:
 * records move to the end as they are changed, which shifts numbered pages. So each page begins anew at the time that the last one came
 * to, and only among records of one time is a page followed by the site's own next one.
 */

/** One page. `next` is where the site says that it goes on; `undefined`: that was all. */
export type WindowPage<Place> = { ids: readonly string[]; reachedMs: number | undefined; next: Place | undefined }

export type Walk<Page extends WindowPage<Place>, Place> = {
  /** By what the site compares times. */
  stepMs: number
  /** How far before the time that was reached the next page begins: a step, where a site leaves out that time itself. Default 0. */
  backMs?: number
  fetch(fromMs: number | undefined, place: Place | undefined): Promise<Page>
  /** The place to ask at, with some records in common, where places are numbers: to see that nothing has slipped through. */
  before?(next: Place, records: number): Place
  /** Whether places are numbers that cannot be stepped back: several pages of one time are then read until nothing new is among them. */
  isNumbered?: boolean
  /** Says that the pages do not go on, or not to an end; to be thrown. */
  endless(how: string): Error
}

/** Pages of records that were all updated at one time: 10,000 × 100 are a bulk change of a million. */
export const PAGES_OF_TIME_MAX = 10_000
const RESTARTS_MAX = 5
/** Of one time: what is changed faster is found by the next run. */
const PASSES_MAX = 3

type At<Place> = {
  fromMs: number | undefined
  pages: number
  restarts: number
  place: Place | undefined
  last: ReadonlySet<string>
  /** Ids of this time, where pages are numbered; and how many there were when it was begun. */
  met: Set<string>
  metBefore: number
}

/** Fails with what `endless` says when the site's pages do not go on. */
export async function* pagesOfWindow<Page extends WindowPage<Place>, Place>(
  walk: Walk<Page, Place>,
  sinceMs: number | undefined,
): AsyncGenerator<Page, void> {
  let at: At<Place> = beginning(walk, sinceMs)
  for (;;) {
    const page = await walk.fetch(at.fromMs, at.place)
    if (walk.before && isShifted(at, page)) {
      if (at.restarts >= RESTARTS_MAX) throw walk.endless('change faster than they are read')
      at = { ...beginning(walk, at.fromMs), restarts: at.restarts + 1 }
      continue
    }
    const next = page.next === undefined ? undefined : following(walk, at, page, page.next)
    const again = walk.isNumbered && next?.place === undefined ? onceMore(walk, at, page) : undefined
    if (again) {
      // Its page comes again at the end of that: newer records are taken when all before them are.
      at = again
      continue
    }
    yield page
    if (!next) return
    if (walk.isNumbered && next.place !== undefined) for (const id of page.ids) at.met.add(id)
    at = next
  }
}

/** The same time from its beginning, where more than one page was read of it and not all of it was met before. */
function onceMore<Page extends WindowPage<Place>, Place>(
  walk: Walk<Page, Place>,
  at: At<Place>,
  { ids }: Page,
): At<Place> | undefined {
  if (at.place === undefined || at.restarts >= PASSES_MAX || at.met.size === at.metBefore) return undefined
  for (const id of ids) at.met.add(id)
  return { ...beginning(walk, at.fromMs), restarts: at.restarts + 1, met: at.met, metBefore: at.met.size }
}

function beginning<Place>({ stepMs }: { stepMs: number }, fromMs: number | undefined): At<Place> {
  const stepped = fromMs === undefined ? undefined : Math.floor(fromMs / stepMs) * stepMs
  return { fromMs: stepped, pages: 0, restarts: 0, place: undefined, last: new Set(), met: new Set(), metBefore: 0 }
}

function following<Page extends WindowPage<Place>, Place>(
  walk: Walk<Page, Place>,
  at: At<Place>,
  { ids, reachedMs }: Page,
  next: Place,
): At<Place> {
  const anew = beginning<Place>(walk, Math.max(0, (reachedMs ?? 0) - (walk.backMs ?? 0)))
  if (ids.length > 0 && reachedMs !== undefined && (at.fromMs === undefined || (anew.fromMs ?? 0) > at.fromMs))
    return anew
  const last = new Set(ids)
  const isSame = last.size === at.last.size && ids.every((id) => at.last.has(id))
  if (ids.length === 0 || isSame || isSamePlace(at.place, next)) throw walk.endless('do not go on')
  if (at.pages >= PAGES_OF_TIME_MAX) throw walk.endless('do not come to an end')
  const place = walk.before ? walk.before(next, ids.length) : next
  return { ...at, pages: at.pages + 1, place, last }
}

/** Records left this time meanwhile, more than the pages overlap by. */
function isShifted<Place>({ place, last }: At<Place>, { ids }: WindowPage<Place>): boolean {
  return place !== undefined && last.size >= 2 && !ids.some((id) => last.has(id))
}

function isSamePlace<Place>(before: Place | undefined, next: Place): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(next)
}
