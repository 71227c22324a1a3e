/** The one OpenID provider of an application: where it is, who we are to it, and whom it may let in. The client's secret is sealed. */
import * as v from 'valibot'
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../base/mod.ts'
import { unwrap, wrap } from '../../crypto/mod.ts'
import type { AccountsDeps, WithinDeps } from '../deps.ts'
import { OidcUnfit } from '../errors.ts'
import { ROLES, type Role } from '../roles.ts'
import { OIDC_ISSUER, readSetting, writeSetting } from '../settings.ts'
import { keepingAnOwner } from '../users.ts'

const SETTING = 'oidc'
/** What the wrap of the client's secret is bound to. */
export const OIDC_SECRET_BINDING = { purpose: 'oidc-client-secret', id: SETTING }
/** 64 entries × 256 characters: lists that are longer belong into a group at the provider. */
const ENTRIES_MAX = 64
const TEXT_MAX = 256
/** A provider's own authority comes with its intermediates. */
const CA_MAX = 32_768

/** What an owner sets, and may see again. */
export type OidcSettings = {
  /** What the button says: `Sign in with <label>`. */
  label: string
  /** Exactly as the provider names itself, an https URL. */
  issuer: string
  clientId: string
  /** Beside `openid`, which is always asked for. */
  scopes: readonly string[]
  /** PEM of the authority that vouches for a provider of one's own; without it the public ones. */
  ca: string | null
  /** Who is made a user at the first sign-in: with a verified mail address in one of these domains, */
  allowedDomains: readonly string[]
  /** or with one of these subjects. Where both are empty nobody is; whoever was linked before gets in all the same. */
  allowedSubjects: readonly string[]
  /** The claim (a text or a list of texts) whose values decide the role of users made here, at each sign-in. */
  roleClaim: string | null
  roles: Readonly<Record<string, Role>>
  /** The role where no value of the claim has one; null lets nobody in without. */
  defaultRole: Role | null
}
/** With `clientSecret`: a text sets it, null is a client without one, undefined keeps the one there is. */
export type NewOidcSettings = OidcSettings & { clientSecret?: string | null }
/** As lists and pages show it. */
export type OidcView = OidcSettings & { hasSecret: boolean }

const AnyRole = v.picklist(ROLES)
const Stored = v.object({
  ...{ label: v.string(), issuer: v.string(), clientId: v.string(), scopes: v.array(v.string()) },
  ...{ ca: v.nullable(v.string()), allowedDomains: v.array(v.string()), allowedSubjects: v.array(v.string()) },
  ...{ roleClaim: v.nullable(v.string()), roles: v.record(v.string(), AnyRole), defaultRole: v.nullable(AnyRole) },
  sealedSecret: v.nullable(v.string()),
})
export type StoredOidc = v.InferOutput<typeof Stored>

/** What is in force, with the secret still sealed. */
export async function storedOidc(deps: WithinDeps): Promise<StoredOidc | undefined> {
  const text = await readSetting(deps, SETTING)
  return text === undefined ? undefined : v.parse(v.pipe(v.string(), v.parseJson(), Stored), text)
}

/** What is in force, without the secret. */
export async function viewOidc(deps: AccountsDeps): Promise<OidcView | undefined> {
  const stored = await storedOidc(deps)
  if (stored === undefined) return undefined
  const { sealedSecret, ...settings } = stored
  return { ...settings, hasSecret: sealedSecret !== null }
}

/** Puts it in force. Refuses `oidc.unfit`; `account.last_owner` where no owner could sign in any more. */
export async function setOidc(deps: AccountsDeps, input: NewOidcSettings): Promise<void> {
  const { clientSecret, ...settings } = input
  check(settings)
  const before = await storedOidc(deps)
  // A secret is for its provider alone: another issuer must not be handed the one there is.
  const kept = before?.issuer === settings.issuer ? before.sealedSecret : null
  const sealedSecret = clientSecret === undefined ? kept : clientSecret === null ? null : await seal(deps, clientSecret)
  const allowedDomains = settings.allowedDomains.map((domain) => domain.toLowerCase())
  await keepingAnOwner(deps, async (tx) => {
    await writeSetting(tx, SETTING, JSON.stringify({ ...settings, allowedDomains, sealedSecret }))
    await writeSetting(tx, OIDC_ISSUER, settings.issuer)
  })
}

/** Nobody signs in by a provider any more; who was linked stays so, for when it comes back. Refuses `account.last_owner`. */
export function removeOidc(deps: AccountsDeps): Promise<void> {
  return keepingAnOwner(deps, async (tx) => {
    await writeSetting(tx, SETTING, undefined)
    await writeSetting(tx, OIDC_ISSUER, undefined)
  })
}

/** Puts the same secret, wrapped anew, in the place of one that is still there. */
export async function replaceSealedSecret(deps: WithinDeps, before: string, sealedSecret: string): Promise<void> {
  const stored = await storedOidc(deps)
  if (stored?.sealedSecret !== before) return
  await writeSetting(deps, SETTING, JSON.stringify({ ...stored, sealedSecret }))
}

/** Lends the client's secret; null for a client without one. */
export async function clientSecretOf(deps: AccountsDeps, { sealedSecret }: StoredOidc): Promise<string | null> {
  if (sealedSecret === null) return null
  return fromUtf8(await unwrap(await deps.sealing(), OIDC_SECRET_BINDING, fromBase64url(sealedSecret)))
}

async function seal(deps: AccountsDeps, secret: string): Promise<string> {
  if (secret === '' || secret.length > TEXT_MAX) throw new OidcUnfit(`a client secret has 1 to ${TEXT_MAX} characters`)
  return base64url(await wrap(await deps.sealing(), OIDC_SECRET_BINDING, utf8(secret)))
}

function check(settings: OidcSettings): void {
  const { issuer, label, clientId, ca, roles } = settings
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new OidcUnfit('the issuer must be an https URL without query or fragment')
  }
  for (const text of [label, clientId, issuer]) {
    if (text.trim() === '' || text.length > TEXT_MAX) {
      throw new OidcUnfit(`label, issuer and client id have 1 to ${TEXT_MAX} characters each`)
    }
  }
  for (const list of [settings.scopes, settings.allowedDomains, settings.allowedSubjects, Object.keys(roles)]) {
    if (list.length > ENTRIES_MAX || list.some((entry) => entry === '' || entry.length > TEXT_MAX)) {
      throw new OidcUnfit(`lists have at most ${ENTRIES_MAX} entries of 1 to ${TEXT_MAX} characters`)
    }
  }
  if (settings.scopes.some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    throw new OidcUnfit('a scope has no space, quotation mark or backslash (RFC 6749 §3.3)')
  }
  if (settings.allowedDomains.some((domain) => !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain))) {
    throw new OidcUnfit('a domain of mail addresses reads like example.org')
  }
  if (ca !== null && (ca.length > CA_MAX || !ca.includes('-----BEGIN CERTIFICATE-----'))) {
    throw new OidcUnfit('the authority must be a certificate in PEM')
  }
}
