/**
 * Asks one site: its own origin and no other, at an address that was judged, within bounds; waits where the site says so, and tries
 * again what may pass. What it answers is foreign: bounded, parsed here, and never logged.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import {
  AppError,
  type Bytes,
  backoffMs,
  type Clock,
  codeOf,
  fromUtf8,
  printable,
  type Random,
} from '../../base/mod.ts'
import { HostUnreachable, isPrivateAddress, requestHttps, retryAfterMs } from '../../host/mod.ts'
import {
  SiteAddressPrivate,
  SiteAnswerBroken,
  SiteAnswerOdd,
  SiteFailed,
  SiteForbade,
  SiteHasNot,
  SiteRedirected,
  SiteRefused,
  SiteRefusedCredential,
  SiteThrottled,
} from '../errors.ts'

/** Until an answer is whole: a drop at a time is no answer. */
export const ANSWER_MS_MAX = 60_000
/** 64 MiB: a hundred issues with years of text are some ten. Parsed they take five times that, in a process of 1 GiB. */
export const ANSWER_BYTES_MAX = 67_108_864
const ATTEMPTS_MAX = 6
/** Longer than that no run stands and waits; its schedule brings the next. */
export const WAIT_MS_MAX = 300_000
const BACKOFF = { firstMs: 1_000, longestMs: 60_000 }
const REDIRECTS_MAX = 3
const SAID_LENGTH_MAX = 200

/** The one origin that is connected to, and who vouches for it in place of the public authorities. */
export type Site = { url: string; ca?: string | undefined }

export type Asking = {
  method?: 'GET' | 'POST'
  /** Below the site's URL, or a whole URL of the same origin. */
  path: string
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
}

/** A whole answer with 2xx. */
export type SiteAnswer = { status: number; headers: Record<string, string>; bytes: Bytes; url: string; json: unknown }

export type SiteClient = {
  /** Refuses the `connector.` errors of this room, and `host.` ones of the connection. */
  ask(asking: Asking): Promise<SiteAnswer>
}

export type SiteClientDeps = {
  site: Site
  network: 'public' | 'private'
  /** Headers that say who asks, made for each request. */
  authorization: () => Promise<Readonly<Record<string, string>>>
  clock: Clock
  random: Random
  signal: AbortSignal
  /** Default: the system's resolver. */
  resolve?: (host: string) => Promise<readonly string[]>
}

export function siteClient(deps: SiteClientDeps): SiteClient {
  const base = new URL(deps.site.url)
  let address: string | undefined
  const ask = async (asking: Asking): Promise<SiteAnswer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        address ??= await judgedAddress(deps, base)
        return await askOnce(deps, { base, address }, asking)
      } catch (error) {
        const waitMs = waitBefore(error, attempt, deps)
        if (waitMs === undefined || attempt >= ATTEMPTS_MAX) throw error
        if (waitMs > WAIT_MS_MAX)
          throw new SiteThrottled(`${base.host} asks to wait ${Math.ceil(waitMs / 1_000)} s, longer than a run waits`)
        // It may stand elsewhere by then.
        address = undefined
        await deps.clock.sleep(waitMs, deps.signal)
      }
    }
  }
  return { ask }
}

/** Every address of the name must be one that may be connected to: which of them is dialled is not the site's to choose. */
async function judgedAddress({ network, resolve = resolved }: SiteClientDeps, { hostname }: URL): Promise<string> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) ? [host] : await resolve(host)
  const [first] = addresses
  if (first === undefined) throw new HostUnreachable(`the name ${host} cannot be resolved`)
  if (network === 'public' && addresses.some(isPrivateAddress))
    throw new SiteAddressPrivate(`${host} is at a private address`)
  return first
}

async function resolved(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (cause) {
    throw new HostUnreachable(`the name ${host} cannot be resolved`, { cause })
  }
}

type At = { base: URL; address: string }

async function askOnce(deps: SiteClientDeps, at: At, asking: Asking): Promise<SiteAnswer> {
  const { site, clock, signal } = deps
  const { method = 'GET', headers = {}, body } = asking
  let url = urlOf(at.base, asking)
  for (let hops = 0; ; hops++) {
    const answer = await requestHttps(url.href, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
        ...(await deps.authorization()),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...{ ca: site.ca === undefined ? [] : [site.ca], systemRoots: site.ca === undefined, address: at.address },
      ...{ timeoutMs: ANSWER_MS_MAX, bytesMax: ANSWER_BYTES_MAX, clock, signal },
    })
    const { status, headers: answered, body: bytes } = answer
    const to = status >= 300 && status < 400 ? answered['location'] : undefined
    if (to !== undefined && method === 'GET' && hops < REDIRECTS_MAX) {
      url = ownUrl(at.base, to, url)
      continue
    }
    if (status < 200 || status > 299) throw failureOf(at.base.host, answer, clock)
    return { status, headers: answered, bytes, url: url.href, json: parsed(at.base.host, answered, bytes) }
  }
}

function urlOf(base: URL, { path, query = {} }: Asking): URL {
  const whole = /^https:\/\//i.test(path)
  const url = whole ? ownUrl(base, path, base) : new URL(`${base.href.replace(/\/$/, '')}${path}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

/** What leads elsewhere is not followed: not even to look, since the request has the credential in it. */
function ownUrl(base: URL, to: string, from: URL): URL {
  const url = URL.canParse(to, from.href) ? new URL(to, from.href) : undefined
  if (url?.origin === base.origin) return url
  throw new SiteRedirected(
    `${base.host} leads to ${url ? printable(url.host) : 'what is no address'}, and is not followed there`,
  )
}

function parsed(host: string, headers: Readonly<Record<string, string>>, bytes: Bytes): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? 'nothing that is named'
    if (/[/+]json$/.test(type)) throw new SiteAnswerBroken(`${host} answered with JSON that is broken`, { cause })
    throw new SiteAnswerOdd(`${host} answered with ${printable(type).slice(0, 64)} that is not JSON`, { cause })
  }
}

type Answered = { status: number; headers: Record<string, string>; body: Bytes }

/** How long the site asked to be left alone, by the failure that says so. */
const waits = new WeakMap<Error, number | undefined>()

function failureOf(host: string, answer: Answered, clock: Clock): AppError {
  const { status } = answer
  const failure = failureBy(host, answer)
  if (status === 429 || status >= 500) waits.set(failure, retryAfterMs(answer.headers, clock.now()))
  return failure
}

function failureBy(host: string, { status, body }: Answered): AppError {
  const said = `${host} answered ${status}${saidBy(body)}`
  if (status === 429) return new SiteThrottled(said)
  if (status >= 500) return new SiteFailed(said)
  if (status === 401) return new SiteRefusedCredential(said)
  if (status === 403) return new SiteForbade(said)
  if (status === 404) return new SiteHasNot(said)
  return new SiteRefused(said)
}

/** The first sentence that a JSON answer has for people. */
function saidBy(body: Bytes): string {
  try {
    const { errorMessages, message, error } = JSON.parse(fromUtf8(body))
    const said = Array.isArray(errorMessages) && errorMessages.length > 0 ? errorMessages[0] : (message ?? error)
    return typeof said === 'string' && said !== '' ? `: ${printable(said).slice(0, SAID_LENGTH_MAX)}` : ''
  } catch {
    return ''
  }
}

/** What may pass: throttling, faults of the site, connections that broke, an answer that was cut in its middle. */
const PASSING = new Set([
  ...['connector.throttled', 'connector.site_failed', 'connector.answer_broken', 'host.unreachable', 'host.timeout'],
])

/** Milliseconds, or `undefined` for what another try does not mend. */
function waitBefore(error: unknown, attempt: number, { random }: SiteClientDeps): number | undefined {
  if (!PASSING.has(codeOf(error))) return undefined
  const asked = error instanceof AppError ? waits.get(error) : undefined
  return asked ?? backoffMs(attempt, BACKOFF, random)
}
