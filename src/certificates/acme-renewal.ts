/** Certificates by ACME: the first one at once, the next at two thirds of its life, and again with backoff where that fails. */
import { generateKeyPairSync } from 'node:crypto'
import { type Clock, codeOf, type Log, printable, Turns } from '../base/mod.ts'
import { certificateCovers, certificateFacts } from '../crypto/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'
import { AcmeNameUnfit, AcmeRefused } from './errors.ts'
import type { AcmeKept, AcmeSettings, KeptState } from './kept.ts'

/** RFC 1035; two labels at least, for no public authority vouches for less, and no IP address. */
const DNS_NAME = /^(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Authorities count failures by the hour. After one: an hour, then twice that each time, a day at most. */
const RETRY_FIRST_MS = 3_600_000
const RETRY_LONGEST_MS = 86_400_000
const RENEWAL_SHARE = 2 / 3
const WORDS_LENGTH_MAX = 300

/** Fetches one certificate; fails with `acme.unreachable`, `acme.refused`, or the host's errors of the port. */
export type OrderCertificate = (
  settings: AcmeSettings,
  accountKeyPem: string,
  signal: AbortSignal,
) => Promise<TlsMaterial>

export type AcmeView = Omit<AcmeSettings, 'ca'> & {
  /** `ordering` · `waiting` for the time of the renewal, or after a failure for the next attempt. */
  state: 'ordering' | 'waiting'
  nextAtMs: number
  lastFailure: AcmeKept['lastFailure']
}

export type AcmeRenewalDeps = {
  kept: () => KeptState
  /** Replaces what is kept by what the function makes of it, durably. */
  save: (change: (state: KeptState) => KeptState) => Promise<void>
  order: OrderCertificate
  closing: AbortSignal
  clock: Clock
  log: Log
}

export class AcmeRenewal {
  readonly #deps: AcmeRenewalDeps
  /** Orders share the port of the proof: one after another. */
  readonly #turns = new Turns()
  #current: AbortController | undefined

  constructor(deps: AcmeRenewalDeps) {
    this.#deps = deps
  }

  /** Keeps the settings and a new account key, and begins the first order. Refuses `acme.name_unfit`. */
  async begin(settings: AcmeSettings, setBy: string): Promise<void> {
    const names = [...new Set(settings.names.map((name) => name.toLowerCase()))]
    const unfit = names.find((name) => !DNS_NAME.test(name))
    if (unfit !== undefined)
      throw new AcmeNameUnfit(`no authority issues a certificate for ${JSON.stringify(unfit)} here`)
    const accountKeyPem = newAccountKey()
    await this.#deps.save((state) => ({
      ...state,
      acme: { settings: { ...settings, names }, accountKeyPem, failures: 0 },
    }))
    void this.#start(setBy)
  }

  /** Orders if it is time to. */
  async tend(): Promise<void> {
    const { acme } = this.#deps.kept()
    if (acme && !this.#current && this.#deps.clock.now() >= this.#nextAtMs(acme)) await this.#start('system')
  }

  /** Resolves when no order is under way. */
  idle(): Promise<void> {
    return this.#turns.idle()
  }

  /** Breaks off an order under way, since what it was for is no more. */
  abandon(): void {
    this.#current?.abort()
    this.#current = undefined
  }

  /** How it stands; only while there are settings. */
  view(): AcmeView | undefined {
    const { acme } = this.#deps.kept()
    if (!acme) return undefined
    const { ca: _, ...settings } = acme.settings
    const state = this.#current ? 'ordering' : 'waiting'
    return { ...settings, state, nextAtMs: this.#nextAtMs(acme), lastFailure: acme.lastFailure }
  }

  #nextAtMs({ settings, failures, lastFailure }: AcmeKept): number {
    if (lastFailure) return lastFailure.atMs + Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_LONGEST_MS)
    const { installed } = this.#deps.kept()
    // New names wait for no renewal, though the order for them was broken off by a stop.
    if (installed?.source !== 'acme' || uncovered(installed, settings) !== undefined) return 0
    const { validFromMs, validToMs } = certificateFacts(installed.certificatePem)
    return Math.floor(validFromMs + (validToMs - validFromMs) * RENEWAL_SHARE)
  }

  #start(setBy: string): Promise<void> {
    this.abandon()
    const current = new AbortController()
    this.#current = current
    return this.#turns.run(async () => {
      await this.#order(setBy, AbortSignal.any([current.signal, this.#deps.closing]))
      if (this.#current === current) this.#current = undefined
    })
  }

  async #order(setBy: string, signal: AbortSignal): Promise<void> {
    const { order, clock, save, log } = this.#deps
    const { acme } = this.#deps.kept()
    if (!acme || signal.aborted) return
    const { settings, accountKeyPem } = acme
    // What was changed meanwhile stays as it is.
    const saveIfCurrent = (change: (state: KeptState, now: AcmeKept) => KeptState): Promise<void> =>
      save((state) => (state.acme?.accountKeyPem === accountKeyPem ? change(state, state.acme) : state))
    try {
      const material = await order(settings, accountKeyPem, signal)
      const missing = uncovered(material, settings)
      if (missing !== undefined) throw new AcmeRefused(`the authority issued a certificate that lacks ${missing}`)
      const installed = { source: 'acme' as const, ...material, setBy, setAtMs: clock.now() }
      await saveIfCurrent(() => ({ installed, acme: { settings, accountKeyPem, failures: 0 } }))
      log.info('a certificate was fetched by ACME', { names: settings.names.join(' ') })
    } catch (error) {
      if (signal.aborted) return
      const words = printable(error instanceof Error ? error.message : '').slice(0, WORDS_LENGTH_MAX)
      log.warn('a certificate could not be fetched by ACME', { code: codeOf(error), words })
      const lastFailure = { code: codeOf(error), words, atMs: clock.now() }
      await saveIfCurrent((state, now) => ({
        ...state,
        acme: { ...now, failures: now.failures + 1, lastFailure },
      })).catch((cause) => log.error('the failure of an order was not kept', { code: codeOf(cause) }))
    }
  }
}

/** The first name of the settings that a certificate is not good for. */
function uncovered({ certificatePem }: TlsMaterial, { names }: AcmeSettings): string | undefined {
  return names.find((name) => !certificateCovers(certificatePem, name))
}

function newAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
