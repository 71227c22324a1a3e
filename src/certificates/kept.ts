/** What is kept of certificates: the owner's own with its key, and the account at an ACME authority. Sealed, in the keyring. */
import * as v from 'valibot'
import { fromUtf8, utf8 } from '../base/mod.ts'
import type { Keyring } from '../keys/mod.ts'

const Moment = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** A certificate that is in use instead of the self-signed one. */
const Installed = v.strictObject({
  /** Brought by the owner, or fetched from an ACME authority. */
  source: v.picklist(['owner', 'acme']),
  certificatePem: v.string(),
  privateKeyPem: v.string(),
  setBy: v.string(),
  setAtMs: Moment,
})
export type Installed = v.InferOutput<typeof Installed>

/** How certificates are fetched by ACME, as the owner set it. */
export const AcmeSettings = v.strictObject({
  /** URL of the authority's directory. */
  directory: v.pipe(v.string(), v.maxLength(512), v.url(), v.startsWith('https://')),
  /** PEM of the CA that vouches for the directory's own HTTPS; without it the public ones do. */
  ca: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
  /** Told to the authority, which writes there before a certificate ends. */
  contact: v.optional(v.pipe(v.string(), v.maxLength(254), v.email())),
  names: v.pipe(v.array(v.pipe(v.string(), v.maxLength(253))), v.minLength(1), v.maxLength(20)),
  /** Where the authority's proof (http-01) is answered; the authority itself always calls port 80. */
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
})
export type AcmeSettings = v.InferOutput<typeof AcmeSettings>

const AcmeKept = v.strictObject({
  settings: AcmeSettings,
  /** PEM; the authority knows the account by it. */
  accountKeyPem: v.string(),
  failures: Moment,
  /** The code and the words of the last failure. */
  lastFailure: v.optional(v.strictObject({ code: v.string(), words: v.string(), atMs: Moment })),
})
export type AcmeKept = v.InferOutput<typeof AcmeKept>

const KeptState = v.strictObject({ installed: v.optional(Installed), acme: v.optional(AcmeKept) })
export type KeptState = v.InferOutput<typeof KeptState>

/** Where it is kept; a rotation of the master key wraps it again with all else. */
const PLACE = { purpose: 'certificates', id: 'server' }

/**
 * What was kept last. `unreadable`: it does not parse, as what a later version of Sluice kept; then it is as if there were nothing, and
 * the bytes stay until the owner replaces them.
 */
export async function loadKept(keyring: Pick<Keyring, 'load'>): Promise<{ state: KeptState; unreadable: boolean }> {
  const bytes = await keyring.load(PLACE.purpose, PLACE.id)
  if (!bytes) return { state: {}, unreadable: false }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), KeptState), fromUtf8(bytes))
  bytes.fill(0)
  return { state: parsed.success ? parsed.output : {}, unreadable: !parsed.success }
}

/** Durable when it resolves. */
export async function saveKept(keyring: Pick<Keyring, 'store'>, state: KeptState): Promise<void> {
  const bytes = utf8(JSON.stringify(state))
  await keyring.store(PLACE.purpose, PLACE.id, bytes)
  bytes.fill(0)
}
