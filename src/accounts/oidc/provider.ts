/**
 * The provider's side of a sign-in: OpenID Connect Core 1.0 with PKCE (RFC 7636), state and nonce, by openid-client, which is loaded
 * at the first use. ID tokens are verified by the provider's keys as well, not by the connection alone.
 */
import type * as Library from 'openid-client'
import { AppError, fromUtf8, type Log } from '../../base/mod.ts'
import { requestHttps } from '../../host/mod.ts'
import { OidcRefused, OidcUnreachable } from '../errors.ts'

/** The provider's keys and addresses are asked for again after this; so long a change there may take to be seen. */
const DISCOVERY_MS = 10 * 60_000
/** So long a failure to reach it is not tried again: strangers can click as often as they like. */
const FAILED_MS = 5_000
const TIMEOUT_MS = 10_000
/** Discovery documents and key sets are a few kB. */
const ANSWER_BYTES_MAX = 1_048_576

export type ProviderSettings = {
  issuer: string
  clientId: string
  clientSecret: string | null
  scopes: readonly string[]
  ca: string | null
}
/** What ties an answer to the browser that asked. */
export type Ties = { state: string; nonce: string; verifier: string; again: boolean }
/** An account at a provider. */
export type Subject = { issuer: string; subject: string }
/** Who the provider says it is; claims as they came. `authAtMs`: when the person proved themselves there, if it signed that. */
export type Vouched = Subject & { claims: Readonly<Record<string, unknown>>; authAtMs: number | null }

/** One provider, known for as long as its settings stand. */
export class Provider {
  readonly #settings: ProviderSettings
  readonly #log: Log
  readonly #closing: AbortSignal | undefined
  #known: { config: Promise<Library.Configuration>; untilMs: number } | undefined

  /** Nobody waits for a provider any more when `closing` is aborted: the stop of a server would wait along. */
  constructor(settings: ProviderSettings, log: Log, closing?: AbortSignal) {
    this.#settings = settings
    this.#log = log
    this.#closing = closing
  }

  /** Where the browser is sent. `again`: the person has to prove themselves, whoever is signed in there. Refuses `oidc.unreachable`. */
  async address(redirectUri: string, ties: Ties, nowMs: number): Promise<URL> {
    const library = await import('openid-client')
    const config = await this.#configuration(library, nowMs)
    return library.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, state: ties.state, nonce: ties.nonce },
      scope: ['openid', ...this.#settings.scopes].join(' '),
      code_challenge: await library.calculatePKCECodeChallenge(ties.verifier),
      code_challenge_method: 'S256',
      ...(ties.again && { prompt: 'login', max_age: '0' }),
    })
  }

  /** Trades the code of an answer (`query`) for claims. Refuses `oidc.refused`, `oidc.unreachable`. */
  async claims(redirectUri: string, query: URLSearchParams, ties: Ties, nowMs: number): Promise<Vouched> {
    const library = await import('openid-client')
    const config = await this.#configuration(library, nowMs)
    const url = new URL(redirectUri)
    url.search = query.toString()
    try {
      const tokens = await library.authorizationCodeGrant(config, url, {
        ...{ pkceCodeVerifier: ties.verifier, expectedState: ties.state, expectedNonce: ties.nonce },
        idTokenExpected: true,
        // A sign-in that was asked for anew is at most a minute old; the other way round clocks may differ.
        ...(ties.again && { maxAge: 60 }),
      })
      const claims = tokens.claims()
      if (claims === undefined) throw new OidcRefused('the provider gave no ID token')
      const more = await this.#userInfo(library, config, tokens.access_token, claims.sub)
      // What is signed counts before what is only served.
      const authAtMs = typeof claims.auth_time === 'number' ? Math.floor(claims.auth_time * 1_000) : null
      return { issuer: claims.iss, subject: claims.sub, claims: { ...more, ...claims }, authAtMs }
    } catch (cause) {
      throw this.#refusal(cause)
    }
  }

  /** Mail address, name and groups stand in the ID token with some providers, and have to be asked for with others (Core §5.3). */
  async #userInfo(
    library: typeof Library,
    config: Library.Configuration,
    accessToken: string,
    subject: string,
  ): Promise<Record<string, unknown>> {
    if (config.serverMetadata().userinfo_endpoint === undefined) return {}
    return library.fetchUserInfo(config, accessToken, subject)
  }

  /** One question at a time, however many ask. */
  #configuration(library: typeof Library, nowMs: number): Promise<Library.Configuration> {
    if (this.#known && nowMs < this.#known.untilMs) return this.#known.config
    const known = { config: this.#discover(library), untilMs: nowMs + DISCOVERY_MS }
    known.config.catch(() => {
      known.untilMs = nowMs + FAILED_MS
    })
    this.#known = known
    return known.config
  }

  async #discover(library: typeof Library): Promise<Library.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    const authentication = clientSecret === null ? library.None() : library.ClientSecretPost(clientSecret)
    try {
      return await library.discovery(new URL(issuer), clientId, undefined, authentication, {
        execute: [library.enableNonRepudiationChecks],
        [library.customFetch]: (url, options) => this.#fetch(url, options),
      })
    } catch (cause) {
      throw new OidcUnreachable('the provider could not be asked what it is', { cause: this.#refusal(cause) })
    }
  }

  /** Our own client: certificates are checked, answers bounded, redirects not followed. */
  async #fetch(url: string, options: Library.CustomFetchOptions): Promise<Response> {
    const { method, headers, body } = options
    const { ca } = this.#settings
    const answer = await requestHttps(url, {
      ...{ method, headers, timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX },
      ...{ ca: ca === null ? [] : [ca], systemRoots: ca === null },
      ...(body !== undefined && body !== null && { body: String(body) }),
      ...(this.#closing && { signal: this.#closing }),
    })
    // Node joins several headers of a name; those that matter here come once.
    const text = answer.body.byteLength === 0 ? null : fromUtf8(answer.body)
    return new Response(text, { status: answer.status, headers: answer.headers })
  }

  /** What the library found wrong goes to the log by its code: a provider's own words are shown to nobody. */
  #refusal(cause: unknown): AppError {
    if (cause instanceof OidcRefused) return cause
    const inner = appErrorIn(cause)
    if (inner?.kind === 'unavailable' || inner?.code.startsWith('host.')) {
      return new OidcUnreachable('the provider did not answer', { cause })
    }
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown'
    this.#log.info('a sign-in by the provider was refused', { reason: /^[A-Z_]{1,64}$/.test(code) ? code : 'unknown' })
    return new OidcRefused('the sign-in by the provider did not succeed', { cause })
  }
}

function appErrorIn(error: unknown): AppError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof AppError) return at
  }
  return undefined
}
