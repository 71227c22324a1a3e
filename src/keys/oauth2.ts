/**
 * Access tokens of an OAuth2 client (RFC 6749): the client's own (§4.4) or for a person by a refresh token (§6). Asked over verified
 * HTTPS only; of what the endpoint says nothing is repeated, since it may echo what it was asked.
 */
import * as v from 'valibot'
import { type Clock, codeOf, fromUtf8 } from '../base/mod.ts'
import { requestHttps } from '../host/mod.ts'
import { CredentialTokenRefused } from './credential-errors.ts'

/** What the vault holds of a client. */
export type OAuth2Client = {
  tokenUrl: string
  clientId: string
  clientSecret: string
  refreshToken?: string
  scope?: string
  audience?: string
  /** `basic` (§2.3.1, default) or `body`. */
  authentication?: string
  /** PEM of the authority that vouches for the endpoint; default: the public ones. */
  authority?: string
}

/** `refreshToken` only where the server gave another one, which the next request must use. Times are ms since 1970. */
export type AccessToken = { accessToken: string; expiresAtMs: number; refreshToken?: string }

const ANSWER_BYTES_MAX = 65_536
const TIMEOUT_MS = 15_000
/** Where the server does not say how long a token lives (§5.1 leaves it open), it is not used for longer. */
const LIFETIME_MS = 300_000
/** A token is asked for anew so long before it ends, or a tenth of its life if that is less: clocks differ, requests take time. */
const MARGIN_MS = 60_000

const Token = v.pipe(v.string(), v.minLength(1), v.maxLength(32_768), v.regex(/^[\x20-\x7e]+$/))
/** Some servers write the number as a text. A year is longer than any token lives. */
const Seconds = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number))]),
  v.minValue(0),
  v.maxValue(31_536_000),
)
const Answer = v.object({
  access_token: Token,
  token_type: v.pipe(v.string(), v.regex(/^bearer$/i)),
  expires_in: v.optional(Seconds),
  refresh_token: v.optional(Token),
})
/** §5.2; another word of the server's could be anything. */
const Refusal = v.object({
  error: v.picklist([
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
  ]),
})

/** Fetches a token. Refuses `credential.token_refused`: `unavailable` when asking again may help. */
export async function fetchAccessToken(client: OAuth2Client, clock: Clock): Promise<AccessToken> {
  const askedMs = clock.now()
  const { status, text } = await post(client)
  if (status !== 200) throw refusalOf(status, text)
  const answer = parsed(Answer, text)
  if (!answer) throw new CredentialTokenRefused('the answer holds no bearer token', 'invalid')
  const lifetimeMs = answer.expires_in === undefined ? LIFETIME_MS : answer.expires_in * 1_000
  const { access_token: accessToken, refresh_token: refreshToken } = answer
  const isNew = refreshToken !== undefined && client.refreshToken !== undefined && refreshToken !== client.refreshToken
  return { accessToken, expiresAtMs: askedMs + lifetimeMs, ...(isNew && { refreshToken }) }
}

/** Whether a token that was fetched then is still good for a use now. */
export function isFresh(token: AccessToken, fetchedAtMs: number, nowMs: number): boolean {
  const marginMs = Math.min(MARGIN_MS, (token.expiresAtMs - fetchedAtMs) / 10)
  // A clock that was set back does not make a token live longer.
  return nowMs >= fetchedAtMs && nowMs < token.expiresAtMs - marginMs
}

async function post(client: OAuth2Client): Promise<{ status: number; text: string }> {
  const { tokenUrl, clientId, clientSecret, refreshToken, scope, audience, authentication, authority } = client
  const form = new URLSearchParams({
    ...(refreshToken === undefined
      ? { grant_type: 'client_credentials' }
      : { grant_type: 'refresh_token', refresh_token: refreshToken }),
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(authentication === 'body' && { client_id: clientId, client_secret: clientSecret }),
  })
  const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')
  try {
    const answer = await requestHttps(tokenUrl, {
      ...{ method: 'POST', body: form.toString(), timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX },
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(authentication !== 'body' && { authorization: `Basic ${basic}` }),
      },
      ...(authority === undefined ? { ca: [], systemRoots: true } : { ca: [authority] }),
    })
    return { status: answer.status, text: fromUtf8(answer.body) }
  } catch (error) {
    // Its message has the endpoint's name, which is a field like any other.
    throw new CredentialTokenRefused(codeOf(error), 'unavailable')
  }
}

function refusalOf(status: number, text: string): CredentialTokenRefused {
  const known = parsed(Refusal, text)
  const later = status === 429 || status >= 500
  return new CredentialTokenRefused(known?.error ?? `status ${status}`, later ? 'unavailable' : 'invalid')
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text)
  return result.success ? result.output : undefined
}

/** §2.3.1: id and secret are form-encoded before they are joined by the colon. */
function formEncoded(text: string): string {
  return new URLSearchParams({ t: text }).toString().slice(2)
}
