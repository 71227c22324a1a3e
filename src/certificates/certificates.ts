/**
 * Which certificate a server shows: the one under its own authority, or one that its owner put in its place. A change holds from
 * the next connection on and is kept first, so that no restart goes back behind it.
 */
import { type Clock, type Log, Turns } from '../base/mod.ts'
import { type CertificateFacts, certificateCovers, certificateFacts, isPair } from '../crypto/mod.ts'
import { type NamedTls, secureContextOf, type TlsMaterial } from '../host/mod.ts'
import type { Keyring } from '../keys/mod.ts'
import { AcmeRenewal, type AcmeView, type OrderCertificate } from './acme-renewal.ts'
import { type BroughtCertificate, readBrought } from './brought.ts'
import { OwnCertificateMissing } from './errors.ts'
import { type CertificateWarning, expiryWarning } from './expiry.ts'
import { type AcmeSettings, type Installed, type KeptState, loadKept, saveKept } from './kept.ts'

export type CertificatesDeps = {
  keyring: Pick<Keyring, 'load' | 'store'>
  /** The leaf under the server's own authority, as it is good for now. */
  ownLeaf: () => Promise<TlsMaterial>
  /** Names and addresses that the own leaf has and an owner's certificate may take over. */
  names: readonly string[]
  /** A name that always stays with the own leaf: who asks for it trusts our authority alone. */
  ownName: string
  /** The name or address under which others reach this server. */
  host: string
  order: OrderCertificate
  /** Aborted when the server ends: an order under way breaks off. */
  closing: AbortSignal
  clock: Clock
  log: Log
}

/** What a TLS server is given. */
export type Served = { main: TlsMaterial; named: NamedTls | undefined }

export type CertificatesView = {
  /** What those are shown who ask for the public host. */
  shown: CertificateFacts
  own: CertificateFacts
  installed: (CertificateFacts & Pick<Installed, 'source' | 'setBy' | 'setAtMs'> & { coversHost: boolean }) | undefined
  acme: AcmeView | undefined
  warnings: CertificateWarning[]
}

/** Opens what was kept. A kept certificate that no longer loads is passed over with a warning: the server must come up. */
export async function openCertificates(deps: CertificatesDeps): Promise<Certificates> {
  const own = await deps.ownLeaf()
  const { state, unreadable } = await loadKept(deps.keyring)
  return new Certificates(deps, own, state, unreadable)
}

export class Certificates {
  readonly #deps: CertificatesDeps
  readonly #turns = new Turns()
  readonly #listeners: (() => void)[] = []
  readonly #renewal: AcmeRenewal
  #own: TlsMaterial
  #kept: KeptState
  #unusable = false
  #warnedBelowDays = Number.POSITIVE_INFINITY

  constructor(deps: CertificatesDeps, own: TlsMaterial, kept: KeptState, unreadable = false) {
    this.#deps = deps
    this.#own = own
    this.#kept = kept
    this.#unusable = unreadable || (kept.installed !== undefined && !isUsable(kept.installed))
    if (this.#unusable) deps.log.error('the certificate of the owner cannot be used; the self-signed one is shown')
    this.#renewal = new AcmeRenewal({
      ...{ clock: deps.clock, log: deps.log, order: deps.order, closing: deps.closing },
      kept: () => this.#kept,
      save: (state) => this.#turns.run(() => this.#save(state(this.#kept))),
    })
  }

  /** Called after each change of what is shown. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** The certificate that the owner put in place, if there is one. */
  get installed(): TlsMaterial | undefined {
    return this.#unusable ? undefined : this.#kept.installed
  }

  /** For names that the owner's certificate lacks, the own leaf goes on: so this machine and the Platform find it in any case. */
  get served(): Served {
    const { installed } = this
    if (!installed) return { main: this.#own, named: undefined }
    const { names, ownName } = this.#deps
    const left = names.filter((name) => !certificateCovers(installed.certificatePem, name))
    return { main: installed, named: { ...this.#own, names: [ownName, ...left.map((name) => name.toLowerCase())] } }
  }

  /** Checks a certificate, keeps it and shows it from now on. Refuses with the `certificate.…` error of what is wrong. */
  set(brought: BroughtCertificate, setBy: string): Promise<void> {
    return this.#turns.run(async () => {
      const { clock, host } = this.#deps
      const material = await readBrought(brought, host, clock.now())
      // The host's own verdict comes before anything is replaced.
      secureContextOf(material)
      this.#renewal.abandon()
      await this.#save({ installed: { source: 'owner', ...material, setBy, setAtMs: clock.now() } })
    })
  }

  /** Back to the self-signed one; the key is forgotten, and what is fetched by ACME is fetched no more. Refuses `certificate.none`. */
  remove(): Promise<void> {
    return this.#turns.run(async () => {
      if (!this.#kept.installed && !this.#kept.acme && !this.#unusable)
        throw new OwnCertificateMissing('there is no certificate of the owner’s')
      this.#renewal.abandon()
      await this.#save({})
    })
  }

  /** From now on certificates are fetched by ACME; the first one at once, and `view` tells how it goes. */
  useAcme(settings: AcmeSettings, setBy: string): Promise<void> {
    return this.#renewal.begin(settings, setBy)
  }

  /** What is regularly due: the own leaf's renewal, ACME's, and the warning before an end. */
  async tend(): Promise<void> {
    const own = await this.#deps.ownLeaf()
    if (own.certificatePem !== this.#own.certificatePem) {
      this.#own = own
      this.#changed()
    }
    this.#warn()
    await this.#renewal.tend()
  }

  /** Resolves when no order is under way; `closing` was aborted before. */
  close(): Promise<void> {
    return this.#renewal.idle()
  }

  view(): CertificatesView {
    const { installed, acme } = this.#kept
    const { host } = this.#deps
    const facts = installed && certificateFacts(installed.certificatePem)
    const own = certificateFacts(this.#own.certificatePem)
    const coversHost = installed !== undefined && certificateCovers(installed.certificatePem, host)
    return {
      own,
      shown: facts && coversHost && !this.#unusable ? facts : own,
      installed: facts &&
        installed && {
          ...facts,
          source: installed.source,
          setBy: installed.setBy,
          setAtMs: installed.setAtMs,
          coversHost,
        },
      acme: acme && this.#renewal.view(),
      warnings: this.warnings(),
    }
  }

  /** What its owner should know of, most pressing first. */
  warnings(): CertificateWarning[] {
    const { installed, acme } = this.#kept
    const warnings: CertificateWarning[] = []
    if (this.#unusable) warnings.push({ code: 'certificate.unusable', level: 'bad', daysLeft: undefined })
    const expiry = installed && expiryWarning(certificateFacts(installed.certificatePem), this.#deps.clock.now(), acme)
    if (expiry) warnings.push(expiry)
    if (acme && acme.failures > 0 && expiry?.level !== 'bad')
      warnings.push({ code: 'certificate.renewal_fails', level: 'warn', daysLeft: undefined })
    return warnings
  }

  async #save(state: KeptState): Promise<void> {
    const before = this.installed?.certificatePem
    await saveKept(this.#deps.keyring, state)
    this.#kept = state
    this.#unusable = state.installed !== undefined && !isUsable(state.installed)
    if (this.installed?.certificatePem === before) return
    this.#warnedBelowDays = Number.POSITIVE_INFINITY
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Once for each of the three steps: 30 days, 7 and 1 before the end, and when it has come. */
  #warn(): void {
    const expiry = this.warnings().find(({ daysLeft }) => daysLeft !== undefined)
    if (!expiry || expiry.step === undefined || expiry.step >= this.#warnedBelowDays) return
    this.#warnedBelowDays = expiry.step
    const words = expiry.code === 'certificate.expired' ? 'the certificate has expired' : 'the certificate ends soon'
    this.#deps.log.warn(words, { daysLeft: expiry.daysLeft })
  }
}

function isUsable(material: TlsMaterial): boolean {
  try {
    secureContextOf(material)
    return isPair(material.certificatePem, material.privateKeyPem)
  } catch {
    return false
  }
}
