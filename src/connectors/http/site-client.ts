/**
 * Asks one site: its own origin and no other, at an address that was judged, within bounds; waits where the site says so, and tries
 * again what may pass. What it answers is foreign: bounded, parsed here, and never logged.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Bytes, type Clock, codeOf, printable, type Random } from '../../base/mod.ts'
import { HostUnreachable, isPrivateAddress, requestHttps } from '../../host/mod.ts'
import { SiteAddressPrivate, SiteAnswerBroken, SiteAnswerOdd, SiteRedirected, SiteThrottled } from '../errors.ts'
import { JSON_DEPTH_MAX, parsedJson } from './json.ts'
import { failureOf, waitBefore } from './site-failures.ts'

/** Until an answer is whole: a drop at a time is no answer. */
export const ANSWER_MS_MAX = 60_000
/** 64 MiB: a hundred issues with years of text are some ten. Parsed they take five times that, in a process of 1 GiB. */
export const ANSWER_BYTES_MAX = 67_108_864
const ATTEMPTS_MAX = 6
/** Longer than that no run stands and waits; its schedule brings the next. */
export const WAIT_MS_MAX = 300_000
const REDIRECTS_MAX = 3

/** The one origin that is connected to, and who vouches for it in place of the public authorities. */
export type Site = { url: string; ca?: string | undefined }

export type Asking = {
  method?: 'GET' | 'POST'
  /** Below the site's URL, or a whole URL of the same origin. */
  path: string
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
  /** In place of `body`, as a form of names and values. */
  form?: Readonly<Record<string, string>>
}

/** A whole answer with 2xx; with 304 and nothing in it where the request was for what has changed alone (`if-none-match`). */
export type SiteAnswer = { status: number; headers: Record<string, string>; bytes: Bytes; url: string; json: unknown }

export type SiteClient = {
  /** Refuses the `connector.` errors of this room, and `host.` ones of the connection. */
  ask(asking: Asking): Promise<SiteAnswer>
  /** How far the site's clock is ahead of ours, by what it answered last; 0 before that. */
  aheadMs(): number
}

export type SiteClientDeps = {
  site: Site
  network: 'public' | 'private'
  /** Headers that say who asks, made for each request. */
  authorization: () => Promise<Readonly<Record<string, string>>>
  /** Told once of a request that the site took for nobody's: the next try has other headers. */
  refused?: () => void
  clock: Clock
  random: Random
  signal: AbortSignal
  /** Default: the system's resolver. */
  resolve?: (host: string) => Promise<readonly string[]>
}

export function siteClient(deps: SiteClientDeps): SiteClient {
  const base = new URL(deps.site.url)
  let address: string | undefined
  let aheadMs = 0
  const answered = (date: string | undefined): void => {
    const theirsMs = Date.parse(date ?? '')
    if (!Number.isNaN(theirsMs)) aheadMs = theirsMs - deps.clock.now()
  }
  const ask = async (asking: Asking): Promise<SiteAnswer> => {
    let { refused } = deps
    for (let attempt = 1; ; attempt++) {
      // Outside of the try: to sign in has tries of its own.
      const authorization = await deps.authorization()
      try {
        address ??= await judgedAddress(deps, base)
        return await askOnce({ ...deps, authorization, answered }, { base, address }, asking)
      } catch (error) {
        if (refused && codeOf(error) === 'connector.credential_refused') {
          refused()
          refused = undefined
          continue
        }
        const waitMs = waitBefore(error, attempt, deps.random)
        if (waitMs === undefined || attempt >= ATTEMPTS_MAX) throw error
        if (waitMs > WAIT_MS_MAX)
          throw new SiteThrottled(`${base.host} asks to wait ${Math.ceil(waitMs / 1_000)} s, longer than a run waits`)
        // It may stand elsewhere by then.
        address = undefined
        await deps.clock.sleep(waitMs, deps.signal)
      }
    }
  }
  return { ask, aheadMs: () => aheadMs }
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

type AskDeps = Omit<SiteClientDeps, 'authorization'> & {
  authorization: Readonly<Record<string, string>>
  answered: (date: string | undefined) => void
}

async function askOnce(deps: AskDeps, at: At, asking: Asking): Promise<SiteAnswer> {
  const { site, clock, signal } = deps
  const { method = 'GET', headers = {} } = asking
  const sent = sentBy(asking)
  let url = urlOf(at.base, asking)
  for (let hops = 0; ; hops++) {
    const answer = await requestHttps(url.href, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice',
        ...(sent && { 'content-type': sent.type }),
        ...headers,
        ...deps.authorization,
      },
      ...(sent && { body: sent.text }),
      ...{ ca: site.ca === undefined ? [] : [site.ca], systemRoots: site.ca === undefined, address: at.address },
      ...{ timeoutMs: ANSWER_MS_MAX, bytesMax: ANSWER_BYTES_MAX, clock, signal },
    })
    const { status, headers: answered, body: bytes } = answer
    deps.answered(answered['date'])
    const to = status >= 300 && status < 400 ? answered['location'] : undefined
    if (to !== undefined && method === 'GET' && hops < REDIRECTS_MAX) {
      url = ownUrl(at.base, to, url)
      continue
    }
    if (status === 304 && 'if-none-match' in headers)
      return { status, headers: answered, bytes, url: url.href, json: undefined }
    if (status < 200 || status > 299) throw failureOf(at.base.host, answer, clock.now())
    return { status, headers: answered, bytes, url: url.href, json: parsed(at.base.host, answered, bytes) }
  }
}

function sentBy({ body, form }: Asking): { type: string; text: string } | undefined {
  if (form) return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams({ ...form }).toString() }
  return body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(body) }
}

function urlOf(base: URL, { path, query = {} }: Asking): URL {
  const isBelow = path.startsWith('/') && !path.startsWith('//')
  const url = ownUrl(base, isBelow ? `${base.pathname.replace(/\/$/, '')}${path}` : path, base)
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
  let json: ReturnType<typeof parsedJson>
  try {
    json = parsedJson(bytes)
  } catch (cause) {
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? 'nothing that is named'
    if (/[/+]json$/.test(type)) throw new SiteAnswerBroken(`${host} answered with JSON that is broken`, { cause })
    throw new SiteAnswerOdd(`${host} answered with ${printable(type).slice(0, 64)} that is not JSON`, { cause })
  }
  if (!json) throw new SiteAnswerOdd(`${host} answered with JSON that is nested more than ${JSON_DEPTH_MAX} deep`)
  return json.value
}
