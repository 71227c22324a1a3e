/**
 * Signing in by an OpenID provider. What ties the provider's answer to the browser that asked travels sealed in a cookie of that
 * browser: nothing is kept here that strangers could fill, and an answer in another browser is worth nothing.
 */
import { base64url, fromBase64url, fromUtf8, logOf, utf8 } from '../../base/mod.ts'
import { unwrap, wrap } from '../../crypto/mod.ts'
import { networkOf } from '../../host/mod.ts'
import type { AccountsDeps } from '../deps.ts'
import { OidcMissing, OidcRefused, SignInTooOften } from '../errors.ts'
import { FREE_ATTEMPTS_ADDRESS } from '../lockout.ts'
import { newToken } from '../secrets.ts'
import { Throttle } from '../throttle.ts'
import { Provider, type Subject, type Ties, type Vouched } from './provider.ts'
import { clientSecretOf, type StoredOidc, storedOidc } from './settings.ts'

/** From the click to the answer: time to sign in there, with a second factor. */
export const OIDC_TIES_MS = 10 * 60_000
/** States whose answer came, until their cookies run out: 4,096 × ~100 B; only answers that a provider vouches for get here. */
const SEEN_MAX = 4_096
const PURPOSE = 'oidc-ties'
/** So that the cookie that carries it stays small. */
const NAME_LENGTH_MAX = 256
const OFFER_PURPOSE = 'oidc-offer'

/** What it is for: to sign in, to confirm that one is there, or to link the account to a user who is signed in (by id). */
export type OidcErrand = { kind: 'sign-in' | 'confirm' } | { kind: 'link'; userId: string }
/** `redirectUri` is where the provider sends the browser back, the same for both steps; `next` a checked path of ours. */
export type OidcBegin = { redirectUri: string; next: string; errand: OidcErrand }
/** Who came back, for what, and where to go on. */
export type OidcReturned = { vouched: Vouched; settings: StoredOidc; errand: OidcErrand; next: string }

/** An account that the provider vouched for, and how it is called there, to be linked to a user (by id) who has still to say so. */
export type OidcOffer = Subject & { userId: string; name: string | null }

type Sealed = Ties & { issuer: string; redirectUri: string; next: string; errand: OidcErrand; untilMs: number }

/** The provider of one application, as its owner set it up. */
export class Oidc {
  readonly #deps: AccountsDeps
  #provider: { for: string; provider: Promise<Provider> } | undefined
  readonly #seen = new Map<string, number>()
  readonly #networks: Throttle

  constructor(deps: AccountsDeps) {
    this.#deps = deps
    this.#networks = new Throttle(deps.clock, { free: FREE_ATTEMPTS_ADDRESS })
  }

  /** Where to send the browser, and the cookie's value with which it has to come back. Refuses `oidc.missing`, `oidc.unreachable`. */
  async begin({ redirectUri, next, errand }: OidcBegin): Promise<{ address: string; cookie: string }> {
    const { clock, random } = this.#deps
    const settings = await this.#settings()
    const ties = { state: newToken(random), nonce: newToken(random), verifier: newToken(random) }
    // Who is signed in there by chance, or by somebody else's doing, neither confirms nor links anything.
    const again = errand.kind !== 'sign-in'
    const provider = await this.#providerOf(settings)
    const address = await provider.address(redirectUri, { ...ties, again }, clock.now())
    const untilMs = clock.now() + OIDC_TIES_MS
    const sealed: Sealed = { ...ties, again, issuer: settings.issuer, redirectUri, next, errand, untilMs }
    const wrapped = await wrap(await this.#deps.sealing(), binding(), utf8(JSON.stringify(sealed)))
    return { address: address.href, cookie: base64url(wrapped) }
  }

  /**
   * The provider's answer, with the cookie of the browser that brings it, and the IP address that it comes from. Refuses
   * `oidc.refused`, `oidc.missing`, `oidc.unreachable`, `account.try_later`: made-up codes would have us ask the provider each time.
   */
  async finish(query: URLSearchParams, cookie: string | undefined, address: string): Promise<OidcReturned> {
    const { clock } = this.#deps
    const settings = await this.#settings()
    const { redirectUri, next, errand, untilMs, issuer, ...ties } = await this.#unwrapped<Sealed>(cookie, binding())
    if (clock.now() >= untilMs || issuer !== settings.issuer) throw new OidcRefused('this sign-in took too long')
    if (query.get('state') !== ties.state) throw new OidcRefused('the answer is not to this browser’s question')
    if (this.#seen.has(ties.state)) throw new OidcRefused('this answer came before')
    const network = networkOf(address)
    const waitMs = this.#networks.waitMs(network)
    if (waitMs > 0) throw new SignInTooOften(waitMs)
    const attempt = this.#networks.attempt(network)
    const provider = await this.#providerOf(settings)
    const vouched = await provider.claims(redirectUri, query, ties, clock.now())
    this.#networks.forgive(network, attempt)
    this.#remember(ties.state, untilMs)
    return { vouched, settings, errand, next }
  }

  /** What a browser keeps between the provider's answer and its person's word that this account is meant. */
  async offer({ vouched: { issuer, subject, claims } }: OidcReturned, userId: string): Promise<string> {
    const called = claims['email'] ?? claims['preferred_username']
    const name = typeof called === 'string' ? called.slice(0, NAME_LENGTH_MAX) : null
    const offer: OidcOffer & { untilMs: number } = {
      ...{ issuer, subject, userId, name },
      untilMs: this.#deps.clock.now() + OIDC_TIES_MS,
    }
    return base64url(await wrap(await this.#deps.sealing(), offerBinding(), utf8(JSON.stringify(offer))))
  }

  /** The offer of a cookie. Refuses `oidc.refused`: made up, too old, or of another provider than now. */
  async offered(cookie: string | undefined): Promise<OidcOffer> {
    const { untilMs, ...offer } = await this.#unwrapped<OidcOffer & { untilMs: number }>(cookie, offerBinding())
    const { issuer } = await this.#settings()
    const isOld = this.#deps.clock.now() >= untilMs || offer.issuer !== issuer
    if (isOld) throw new OidcRefused('this link took too long')
    return offer
  }

  async #settings(): Promise<StoredOidc> {
    const settings = await storedOidc(this.#deps)
    if (settings === undefined) throw new OidcMissing('no OpenID provider is set up here')
    return settings
  }

  /** What was sealed here is what it was. */
  async #unwrapped<T>(cookie: string | undefined, bound: { purpose: string; id: string }): Promise<T> {
    if (cookie === undefined) throw new OidcRefused('this browser has not asked')
    try {
      return JSON.parse(fromUtf8(await unwrap(await this.#deps.sealing(), bound, fromBase64url(cookie))))
    } catch (cause) {
      throw new OidcRefused('this browser has not asked', { cause })
    }
  }

  /** A new one whenever the settings are others. */
  #providerOf(settings: StoredOidc): Promise<Provider> {
    const key = JSON.stringify(settings)
    if (this.#provider?.for === key) return this.#provider.provider
    const provider = this.#openProvider(settings)
    this.#provider = { for: key, provider }
    // One that could not be opened is none: the next who asks tries again.
    provider.catch(() => {
      this.#provider = undefined
    })
    return provider
  }

  async #openProvider(settings: StoredOidc): Promise<Provider> {
    const { issuer, clientId, scopes, ca } = settings
    const clientSecret = await clientSecretOf(this.#deps, settings)
    return new Provider({ issuer, clientId, clientSecret, scopes, ca }, logOf('accounts'), this.#deps.closing)
  }

  /** Two answers with one state at the same time: the provider takes the code once, and so does this. */
  #remember(state: string, untilMs: number): void {
    if (this.#seen.has(state)) throw new OidcRefused('this answer came before')
    const now = this.#deps.clock.now()
    for (const [seen, until] of this.#seen) if (until <= now) this.#seen.delete(seen)
    const oldest = this.#seen.keys().next().value
    if (this.#seen.size >= SEEN_MAX && oldest !== undefined) this.#seen.delete(oldest)
    this.#seen.set(state, untilMs)
  }
}

function binding() {
  return { purpose: PURPOSE, id: 'cookie' }
}

function offerBinding() {
  return { purpose: OFFER_PURPOSE, id: 'cookie' }
}
