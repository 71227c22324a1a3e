/** One page of an API: asked for with what the run is at, its records found and known, and where the next one is. */
import { canonicalJson, printable } from '../../base/mod.ts'
import { SiteAnswerOdd } from '../errors.ts'
import { type FoundRecord, found, type PulledRecord, shortId } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { atPointer } from '../http/json-pointer.ts'
import { nextLink } from '../http/links.ts'
import type { Asking, SiteAnswer, SiteClient } from '../http/site-client.ts'
import type { RestConfig } from './rest-config.ts'
import { highestId, type Id } from './rest-ids.ts'
import { filled, type PlaceValues } from './rest-places.ts'
import { recordMapper } from './rest-records.ts'

const TOKEN_LENGTH_MAX = 8_192

/** Where a page is asked for. */
export type RestPlace = { page: number } | { offset: number } | { token: Id } | { after: Id } | { url: string }
/** A record with the id that the cursor goes by, where it goes by one. */
export type RestRecord = FoundRecord & { after: Id | undefined }
export type RestPage = {
  answer: SiteAnswer
  found: RestRecord[]
  ids: string[]
  reachedMs: number | undefined
  next: RestPlace | undefined
  /** Of its records, those that were no objects. */
  passedOver: number
}

/** Refuses `connector.answer_odd` for what has no list of records there, and what `SiteClient.ask` refuses. */
export async function restPage(
  http: SiteClient,
  config: RestConfig,
  values: PlaceValues,
  place: RestPlace | undefined,
): Promise<RestPage> {
  const answer = await http.ask(askingOf(config, values, place))
  const { host } = new URL(answer.url)
  const listed = atPointer(answer.json, config.records)
  if (!Array.isArray(listed))
    throw new SiteAnswerOdd(
      `${host} answered without a list at ${config.records === '' ? 'its beginning' : config.records}`,
    )
  const map = recordMapper(config.fields)
  const all: RestRecord[] = []
  for (const one of listed) {
    const record = map(one)
    if (record) all.push(await knownBy(config, one, record))
  }
  const times = all.map(({ atMs }) => atMs).filter((ms) => ms > 0)
  return {
    ...{ answer, found: all, ids: all.map(({ id }) => id), passedOver: listed.length - all.length },
    reachedMs: times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : undefined,
    next: config.paging ? nextPlace(config, answer, listed.length, place) : behind(config, all),
  }
}

function askingOf(config: RestConfig, values: PlaceValues, place: RestPlace | undefined): Asking {
  const { method, path, query = {}, body, headers = {}, paging } = config
  if (place && 'url' in place) return { method, path: place.url, headers }
  const size = paging && 'size' in paging ? paging.size : undefined
  const all = { ...values, ...(size !== undefined && { size }), ...beginningOf(config), ...place }
  const given = filled(query, all) as Record<string, unknown>
  return {
    ...{ method, path, headers },
    query: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
    ...(body !== undefined && { body: filled(body, all) }),
  }
}

function beginningOf({ paging }: RestConfig): PlaceValues {
  if (paging?.kind === 'page') return { page: paging.first }
  return paging?.kind === 'offset' ? { offset: 0 } : {}
}

async function knownBy({ key, cursor }: RestConfig, one: unknown, record: PulledRecord): Promise<RestRecord> {
  const named = key === undefined ? undefined : atPointer(one, key)
  const id = typeof named === 'string' || typeof named === 'number' ? String(named) : `=${canonicalJson(record)}`
  const at = cursor && atPointer(one, cursor.at)
  const atMs = cursor?.kind === 'time' ? (instantMs(at) ?? 0) : 0
  const after = cursor?.kind === 'id' && (typeof at === 'string' || typeof at === 'number') ? at : undefined
  return { ...(await found(record, await shortId(id), atMs)), after }
}

/** An API that lists what is behind an id is asked again behind the last, until there is nothing. */
function behind({ cursor }: RestConfig, all: readonly RestRecord[]): RestPlace | undefined {
  const after = cursor?.kind === 'id' ? highestId(all.map((one) => one.after)) : undefined
  return after === undefined ? undefined : { after }
}

function nextPlace(
  { paging }: RestConfig,
  { json, headers, url }: SiteAnswer,
  records: number,
  place: RestPlace | undefined,
): RestPlace | undefined {
  switch (paging?.kind) {
    case 'link':
      return placeOf(nextLink(headers), url)
    case 'url':
      return placeOf(tokenAt(json, paging.at, url), url)
    case 'token': {
      const token = tokenAt(json, paging.at, url)
      return token === undefined ? undefined : { token }
    }
    case 'page':
    case 'offset': {
      if (records === 0 || (paging.size !== undefined && records < paging.size)) return undefined
      if (paging.kind === 'page') return { page: (place && 'page' in place ? place.page : paging.first) + 1 }
      return { offset: (place && 'offset' in place ? place.offset : 0) + records }
    }
    default:
      return undefined
  }
}

/** As a whole URL; of which host it is, is looked at where it is asked. */
function placeOf(target: string | number | undefined, from: string): RestPlace | undefined {
  if (target === undefined) return undefined
  if (!URL.canParse(String(target), from))
    throw new SiteAnswerOdd(`${new URL(from).host} says that it goes on at what is no URL`)
  return { url: new URL(String(target), from).href }
}

function tokenAt(json: unknown, pointer: string, url: string): string | number | undefined {
  const token = atPointer(json, pointer)
  if (token === undefined || token === null || token === '' || token === false) return undefined
  if (typeof token === 'number' || (typeof token === 'string' && token.length <= TOKEN_LENGTH_MAX)) return token
  throw new SiteAnswerOdd(`${new URL(url).host} says at ${printable(pointer)} what is no place to go on at`)
}
