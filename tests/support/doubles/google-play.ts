/**
 * A double of Google Play, from its published documents: the token endpoint for service accounts (RFC 7523, RS256) on a host of its own,
 * and `GET /androidpublisher/v3/applications/{package}/reviews`, which shows the last week, newest first, in pages by a token.
 */
import { generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { testAuthority } from '../certificates.ts'
import { type Answering, type DoubleServer, doubleServer } from './double-server.ts'

export type PlayReview = {
  id: string
  changedMs: number
  rating?: number
  text?: string
  reply?: string
  more?: object
}
export type GooglePlayDouble = AsyncDisposable & {
  api: DoubleServer
  door: DoubleServer
  reviews: Map<string, PlayReview>
  /** Tokens that it gave; those that are taken out count no more. */
  tokens: Set<string>
  /** Seconds that each lives. */
  expiresIn: number
}

export const PACKAGE = 'com.example.app'
const WEEK_MS = 604_800_000
const SKEW_MS_MAX = 300_000
const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
export const SERVICE_ACCOUNT = JSON.stringify({
  ...{ type: 'service_account', client_email: 'reader@example.iam.gserviceaccount.com', private_key_id: 'k1' },
  private_key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  // Where the file says that one signs in is not where the owner agreed to.
  token_uri: 'https://evil.example/token',
})

export async function googlePlayDouble(): Promise<GooglePlayDouble> {
  const authority = testAuthority('google')
  const door = await doubleServer(
    'google-door',
    ({ method, headers, body }, nowMs) => signIn(method, headers, body, nowMs),
    authority,
  )
  const answer: Answering = ({ path, query, headers }, nowMs) => {
    const token = headers.get('authorization')?.replace(/^Bearer /, '') ?? ''
    if (!double.tokens.has(token))
      return refusal(401, 'Request had invalid authentication credentials.', 'UNAUTHENTICATED')
    if (path !== `/androidpublisher/v3/applications/${PACKAGE}/reviews`)
      return refusal(404, 'No application was found.', 'NOT_FOUND')
    const shown = [...double.reviews.values()]
      .filter(({ changedMs }) => changedMs > nowMs - WEEK_MS)
      .sort((a, b) => b.changedMs - a.changedMs)
    const from = query['token'] === undefined ? 0 : Number(atob(query['token']))
    const size = Math.min(Number(query['maxResults'] ?? 10), 100)
    const isLast = from + size >= shown.length
    const page = shown.slice(from, from + size).map(reviewOf)
    return Response.json({
      // Without reviews there is no such field.
      ...(page.length > 0 && { reviews: page }),
      ...(!isLast && { tokenPagination: { nextPageToken: btoa(String(from + size)) } }),
    })
  }
  const api = await doubleServer('google-play', answer, authority)

  async function signIn(method: string, headers: Headers, body: string, nowMs: number): Promise<Response> {
    const form = new URLSearchParams(body)
    const isForm = headers.get('content-type') === 'application/x-www-form-urlencoded'
    if (method !== 'POST' || !isForm || form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return Response.json({ error: 'unsupported_grant_type' }, { status: 400 })
    try {
      const { payload } = await jwtVerify(form.get('assertion') ?? '', keys.publicKey, {
        ...{ algorithms: ['RS256'], audience: `${door.url}/token`, issuer: 'reader@example.iam.gserviceaccount.com' },
        currentDate: new Date(nowMs),
      })
      const { iat = 0, exp = 0, scope } = payload
      if (
        iat * 1_000 > nowMs + SKEW_MS_MAX ||
        exp - iat > 3_630 ||
        scope !== 'https://www.googleapis.com/auth/androidpublisher'
      )
        throw new Error()
    } catch {
      return Response.json(
        { error: 'invalid_grant', error_description: 'Invalid JWT: Token must be a short-lived token' },
        { status: 400 },
      )
    }
    const token = `ya29.${crypto.randomUUID()}`
    double.tokens.add(token)
    return Response.json({ access_token: token, expires_in: double.expiresIn, token_type: 'Bearer' })
  }

  const double: GooglePlayDouble = {
    ...{ api, door, reviews: new Map(), tokens: new Set(), expiresIn: 3_599 },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      await door[Symbol.asyncDispose]()
    },
  }
  return double
}

function reviewOf({ id, changedMs, rating = 4, text = `\tText of ${id}`, reply, more = {} }: PlayReview) {
  const lastModified = { seconds: String(Math.floor(changedMs / 1_000)), nanos: 0 }
  return {
    ...{ reviewId: id, authorName: `Name of ${id}` },
    comments: [
      {
        userComment: {
          text,
          lastModified,
          starRating: rating,
          reviewerLanguage: 'de',
          device: 'shiba',
          androidOsVersion: 34,
          appVersionCode: 12,
          appVersionName: '1.2',
          thumbsUpCount: 1,
          thumbsDownCount: 0,
          deviceMetadata: { productName: 'shiba (Pixel 8)' },
          ...more,
        },
      },
      ...(reply === undefined ? [] : [{ developerComment: { text: reply, lastModified } }]),
    ],
  }
}

function refusal(code: number, message: string, status: string): Response {
  return Response.json({ error: { code, message, status } }, { status: code })
}
