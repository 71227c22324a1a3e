/** The connector to any REST API that answers JSON, described in YAML. */
import { canonicalJson, nounFor, printable } from '../../base/mod.ts'
import { DISCOVERED_MAX, type DiscoveredField } from '../../wire/mod.ts'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { ConnectorUnfit, SitePagesEndless } from '../errors.ts'
import { Taking } from '../http/bounds.ts'
import { recordsDocument } from '../http/documents.ts'
import { atPointer, pointerPart } from '../http/json-pointer.ts'
import { pagesOfWindow, type Walk } from '../http/window.ts'
import { RestConfig } from './rest-config.ts'
import { type RestPage, type RestPlace, restPage } from './rest-page.ts'
import { RestProgress } from './rest-progress.ts'

/** Records by which pages of offsets overlap. */
const STEP_BACK = 10
const SAMPLE_RECORDS = 100
const SAMPLE_DEPTH = 3

export const rest = defineConnector({
  type: 'rest',
  title: 'REST API',
  summary:
    'Records of any API that answers JSON: how it pages, where records are and what becomes of them is described in YAML.',
  config: RestConfig,
  lines: ['ca'],
  credentials: ['token', 'password', 'oauth2_client', 'none'],
  shapes: ['table', 'issues', 'reviews'],
  example: {
    ...{
      url: 'https://api.example.com/v2',
      path: '/tickets',
      query: { updated_since: '{since}', page_token: '{token}' },
    },
    ...{ paging: { kind: 'token', at: '/next_page_token' }, records: '/tickets', key: '/id' },
    fields: { key: { at: '/id', type: 'text' }, summary: '/title', updated_at: { at: '/updated', type: 'time' } },
    cursor: { kind: 'time', at: '/updated', sorted: true },
  },
  site: ({ url, ca }) => ({ url, ca }),
  authorization: ({ authorization = {} }) => authorization,
  sends: ({ method, path, body }) =>
    method === 'POST' ? canonicalJson({ method, path, body: body ?? null }) : undefined,
  check,
  discover: { setting: 'fields', fields: discovered },
  pull,
})

async function check(config: RestConfig, { http, clock }: AskContext): Promise<string[]> {
  const page = await firstPage(config, { http, clock })
  const names = [...new Set(page.found.flatMap(({ record }) => Object.keys(record)))].map(printable)
  const shown = names.length > 0 ? `, with the fields ${names.join(', ').slice(0, 700)}` : ''
  return [
    `The first page has ${page.found.length} ${nounFor(page.found.length, 'record')}${shown}.`,
    page.next ? 'It goes on behind it.' : 'It does not go on behind it.',
    ...(page.passedOver > 0 ? [`${page.passedOver} more are no objects and would be passed over.`] : []),
    ...(config.cursor?.kind === 'time' && page.found.some(({ atMs }) => atMs === 0)
      ? [`Some have no time at ${config.cursor.at}: they are taken, and do not move the cursor.`]
      : []),
  ]
}

/** What the records of the first page have, three deep. */
async function discovered(config: RestConfig, { http, clock }: AskContext): Promise<DiscoveredField[]> {
  const { answer } = await firstPage(config, { http, clock })
  const listed = atPointer(answer.json, config.records) as unknown[]
  const types = new Map<string, Set<string>>()
  for (const record of listed.slice(0, SAMPLE_RECORDS)) collect(record, '', SAMPLE_DEPTH, types)
  return [...types].slice(0, DISCOVERED_MAX).flatMap(([pointer, found]) => {
    if (pointer.length > 256) return []
    const name = printable(pointer.slice(1).replaceAll('/', ' › ')).slice(0, 256)
    return [{ id: pointer, name, type: [...found].join(' or ').slice(0, 64) || 'text', own: false }]
  })
}

function collect(value: unknown, pointer: string, depth: number, types: Map<string, Set<string>>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [name, inner] of Object.entries(value)) {
    const at = pointer + pointerPart(name)
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    if (types.size >= DISCOVERED_MAX) return
    const known = types.get(at) ?? new Set()
    if (inner !== null) known.add(Array.isArray(inner) ? 'list' : isObject ? 'object' : typeof inner)
    types.set(at, known)
    if (isObject && depth > 1) collect(inner, at, depth - 1, types)
  }
}

function firstPage(config: RestConfig, { http, clock }: Pick<AskContext, 'http' | 'clock'>): Promise<RestPage> {
  const progress = new RestProgress(null, config, clock.now())
  return restPage(http, config, progress.values(progress.beginsMs()), undefined)
}

async function* pull(config: RestConfig, context: PullContext) {
  const progress = new RestProgress(context.cursor, config, context.clock.now())
  let number = 0
  for await (const page of pages(config, context, progress)) {
    if (page.passedOver > 0)
      context.warn('connector.records_passed_over', 'Some of what the API lists are no objects; they were passed over.')
    const fresh = progress.take(page.found).map(({ record }) => record)
    if (fresh.length > 0)
      yield { ...recordsDocument(`records-${++number}`, fresh), cursor: progress.cursor({ open: true }) }
  }
  progress.release()
  yield { cursor: progress.cursor({ open: false }) }
}

/** By time where the API lists the oldest change first; else from its first page to its last. */
function pages(
  config: RestConfig,
  { http, clock }: PullContext,
  progress: RestProgress,
): AsyncGenerator<RestPage, void> {
  const {
    pages: pagesMax,
    megabytes,
    minutes,
  } = { ...{ pages: 10_000, megabytes: 4_096, minutes: 240 }, ...config.limits }
  const bounds = { pagesMax, bytesMax: megabytes * 1_048_576, msMax: minutes * 60_000 }
  const taking = new Taking({ url: config.url, clock, bounds })
  const fetch = async (fromMs: number | undefined, place: RestPlace | undefined): Promise<RestPage> => {
    const page = await restPage(http, config, progress.values(fromMs), place)
    taking.count(page.answer)
    if (config.cursor?.sorted) demandOrder(page)
    return page
  }
  const { cursor, paging } = config
  if (cursor?.kind !== 'time' || !cursor.sorted) return inTheirOrder(fetch, progress.beginsMs(), taking)
  const endless = (how: string): Error => new SitePagesEndless(`the pages of ${new URL(config.url).host} ${how}`)
  const isNumbered = paging?.kind !== 'token'
  const walk = { stepMs: progress.stepMs, backMs: progress.stepMs, isNumbered, fetch, endless }
  return inOrderOfTime(paging?.kind === 'offset' ? { ...walk, isNumbered: false, before: steppedBack } : walk, progress)
}

/** Else what comes behind a newer one would be passed over. */
function demandOrder({ found }: RestPage): void {
  const times = found.map(({ atMs }) => atMs).filter((ms) => ms > 0)
  if (times.some((ms, at) => ms < (times[at - 1] ?? 0)))
    throw new ConnectorUnfit('cursor.sorted is true, and the API does not list the oldest change first')
}

/**
 * A run that was cut off is gone on with by the very requests that it would have made: a page that it had handed over already is known
 * again by its content. What came late to the time before that is looked for ahead of it.
 */
async function* inOrderOfTime(walk: Walk<RestPage, RestPlace>, progress: RestProgress): AsyncGenerator<RestPage, void> {
  const { resumesMs, stepMs } = progress
  for await (const page of pagesOfWindow(walk, progress.beginsMs())) {
    if (resumesMs === undefined) yield page
    else yield { ...page, found: page.found.filter(({ atMs }) => atMs <= resumesMs) }
    if (resumesMs !== undefined && (page.reachedMs ?? 0) > resumesMs) break
  }
  if (resumesMs !== undefined) yield* pagesOfWindow(walk, Math.max(0, resumesMs - stepMs))
}

async function* inTheirOrder(
  fetch: (fromMs: number | undefined, place: RestPlace | undefined) => Promise<RestPage>,
  fromMs: number | undefined,
  taking: Taking,
): AsyncGenerator<RestPage, void> {
  let last: string | undefined
  for (let place: RestPlace | undefined; ; ) {
    taking.once(JSON.stringify(place ?? null))
    const page = await fetch(fromMs, place)
    const ids = page.ids.join('\n')
    taking.demandProgress(page.ids.length === 0 || ids !== last)
    yield page
    if (!page.next) return
    ;[last, place] = [ids, page.next]
  }
}

function steppedBack(next: RestPlace, records: number): RestPlace {
  return 'offset' in next ? { offset: next.offset - Math.min(STEP_BACK, Math.floor(records / 2)) } : next
}
