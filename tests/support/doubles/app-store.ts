/**
 * A double of Apple's App Store, from its published documents: App Store Connect (`GET /v1/apps/{id}/customerReviews`, pages by the
 * link that each names, JWTs of ES256 that live twenty minutes at most) and the public feeds (ten pages of fifty, newest first).
 */
import { generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { type DoubleServer, doubleServer } from './double-server.ts'

export type StoreReview = {
  id: string
  createdMs: number
  rating?: number
  title?: string
  body?: string
  territory?: string
  reply?: string
}
export type AppStoreDouble = DoubleServer & {
  reviews: Map<string, StoreReview>
  /** Called before each page, which may change reviews meanwhile. */
  onPage: (() => void) | undefined
  /** Reviews of a page that the listing leaves out, though they are there. */
  slipped: Set<string>
}

export const APP = '1234567890'
export const KEY_ID = '2X9R4HXF34'
export const ISSUER = '57246542-96fe-4a63-8053-0824d011072a'
const TOKEN_MS_MAX = 1_200_000
const FEED_PAGE = 50
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const PRIVATE_KEY = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

export async function appStoreDouble(): Promise<AppStoreDouble> {
  const reviews: AppStoreDouble['reviews'] = new Map()
  const slipped: AppStoreDouble['slipped'] = new Set()
  const newestFirst = () => [...reviews.values()].sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))

  function listing(query: Record<string, string>): Response {
    double.onPage?.()
    const territories = query['filter[territory]']?.split(',')
    const found = newestFirst().filter(
      ({ id, territory = 'DEU' }) => !slipped.has(id) && (territories?.includes(territory) ?? true),
    )
    const limit = Number(query['limit'] ?? 50)
    if (!(limit >= 1 && limit <= 200) || query['sort'] !== '-createdDate')
      return refusal(400, 'PARAMETER_ERROR.INVALID')
    const place = query['cursor'] === undefined ? undefined : JSON.parse(atob(query['cursor']))
    const from =
      place === undefined
        ? 0
        : found.findIndex(({ createdMs, id }) => createdMs < place[0] || (createdMs === place[0] && id > place[1]))
    const page = from < 0 ? [] : found.slice(from, from + limit)
    const last = page.at(-1)
    const self = `${double.url}/v1/apps/${APP}/customerReviews`
    const next = new URLSearchParams({ ...query, cursor: btoa(JSON.stringify([last?.createdMs, last?.id])) })
    const isEnd = from < 0 || from + limit >= found.length
    return Response.json({
      data: page.map(shown),
      included:
        query['include'] === 'response'
          ? page.flatMap(({ id, reply }) => (reply === undefined ? [] : [replied(id, reply)]))
          : [],
      links: { self, ...(!isEnd && { next: `${self}?${next}` }) },
      meta: { paging: { total: found.length, limit } },
    })
  }

  function feed(path: string): Response {
    const [, country, page] =
      /^\/([a-z]{2})\/rss\/customerreviews\/page=(\d+)\/id=1234567890\/sortby=mostrecent\/json$/.exec(path) ?? []
    if (country === undefined || Number(page) > 10)
      return new Response('CustomerReviews RSS page depth is limited to 10', { status: 400 })
    const from = (Number(page) - 1) * FEED_PAGE
    const entries = newestFirst()
      .filter(({ territory = 'DE' }) => territory === country.toUpperCase())
      .slice(from, from + FEED_PAGE)
      .map(entry)
    const app = { 'im:name': { label: 'Example' }, id: { label: 'https://apps.apple.com/app/id1234567890' } }
    const all = page === '1' && entries.length > 0 ? [app, ...entries] : entries
    const feed = {
      author: { name: { label: 'iTunes Store' } },
      ...(all.length > 0 && { entry: all.length === 1 ? all[0] : all }),
    }
    return new Response(JSON.stringify({ feed }), { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
  }

  const server = await doubleServer('app-store', async ({ path, query, headers }, nowMs) => {
    if (path.includes('/rss/')) return headers.has('authorization') ? refusal(400, 'UNEXPECTED') : feed(path)
    if (!(await isSignedIn(headers.get('authorization'), nowMs))) return refusal(401, 'NOT_AUTHORIZED')
    if (path === `/v1/apps/${APP}`)
      return Response.json({ data: { type: 'apps', id: APP, attributes: { name: 'Example' } } })
    if (path === `/v1/apps/${APP}/customerReviews`) return listing(query)
    const one = reviews.get(/^\/v1\/customerReviews\/(.+)$/.exec(path)?.[1] ?? '')
    return one ? Response.json({ data: shown(one) }) : refusal(404, 'NOT_FOUND')
  })
  const double: AppStoreDouble = Object.assign(server, { reviews, slipped, onPage: undefined })
  return double
}

async function isSignedIn(authorization: string | null, nowMs: number): Promise<boolean> {
  try {
    const { payload, protectedHeader } = await jwtVerify(authorization?.replace(/^Bearer /, '') ?? '', keys.publicKey, {
      ...{ algorithms: ['ES256'], issuer: ISSUER, audience: 'appstoreconnect-v1', currentDate: new Date(nowMs) },
    })
    const { iat = 0, exp = 0 } = payload
    return protectedHeader.kid === KEY_ID && iat * 1_000 <= nowMs && (exp - iat) * 1_000 <= TOKEN_MS_MAX
  } catch {
    return false
  }
}

function shown({
  id,
  createdMs,
  rating = 5,
  title = 'Good',
  body = `Text of ${id}`,
  territory = 'DEU',
  reply,
}: StoreReview) {
  return {
    ...{ type: 'customerReviews', id },
    // As Apple writes it: an offset.
    attributes: {
      rating,
      title,
      body,
      reviewerNickname: `Nick of ${id}`,
      createdDate: new Date(createdMs - 28_800_000).toISOString().replace(/\.\d+Z$/, '-08:00'),
      territory,
    },
    relationships: {
      response: { data: reply === undefined ? null : { type: 'customerReviewResponses', id: `reply-${id}` } },
    },
  }
}

function replied(id: string, responseBody: string) {
  const attributes = { responseBody, lastModifiedDate: '2026-01-05T08:00:00-08:00', state: 'PUBLISHED' }
  return { type: 'customerReviewResponses', id: `reply-${id}`, attributes }
}

function entry({ id, createdMs, rating = 5, title = 'Good', body = `Text of ${id}` }: StoreReview) {
  return {
    ...{ id: { label: id }, author: { uri: { label: '' }, name: { label: `Nick of ${id}` } }, title: { label: title } },
    ...{
      content: { label: body, attributes: { type: 'text' } },
      updated: { label: new Date(createdMs).toISOString() },
    },
    ...{ 'im:rating': { label: String(rating) }, 'im:version': { label: '1.2' } },
    ...{ 'im:voteCount': { label: '3' }, 'im:voteSum': { label: '2' } },
  }
}

function refusal(status: number, code: string): Response {
  return Response.json(
    { errors: [{ status: String(status), code, title: code, detail: `${code} in words` }] },
    { status },
  )
}
