/** Server certificates under our own authority, for the public name and for this machine's own names. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import * as v from 'valibot'
import { type Bytes, type Clock, fromUtf8, utf8 } from '../base/mod.ts'
import { type Authority, issueLeaf } from '../crypto/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'
import type { Keyring } from '../keys/mod.ts'
import { OWN_SERVER_NAME } from '../wire/mod.ts'

const DAY_MS = 24 * 3_600_000
/** 40 days: renewed at half of it, a machine that was off for two weeks still starts with one that holds. */
const LEAF_LIFETIME_MS = 40 * DAY_MS
const LEAF_REST_MS_MIN = LEAF_LIFETIME_MS / 2
/** How often its age is looked at while the server runs: what was kept over starts may be of any age. */
export const LEAF_CHECK_MS = DAY_MS

/** How this machine itself asks for its servers. */
export const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']

const KeptLeaf = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ names: v.array(v.string()), certificatePem: v.string(), privateKeyPem: v.string() }),
)

export type ServerLeafOptions = {
  authority: Authority
  keyring: Pick<Keyring, 'load' | 'store'>
  /** Where the keyring keeps the leaf with its key. */
  kept: { purpose: string; id: string }
  /** Names and addresses that were configured; this machine's own are added. */
  names: readonly string[]
  clock: Clock
}

/**
 * The leaf that the keyring holds, as long as half of its life is left and its names and authority are still these; else a new
 * one, which is kept. Issuing takes as long as half of all else at a start.
 */
export async function serverLeaf(options: ServerLeafOptions): Promise<TlsMaterial> {
  const { authority, keyring, clock, kept: place } = options
  const names = [...new Set([...options.names, ...LOCAL_NAMES, OWN_SERVER_NAME])]
  const kept = await keyring.load(place.purpose, place.id)
  const leaf = kept && stillGood(kept, authority, names, clock)
  kept?.fill(0)
  if (leaf) return leaf
  const issued = await issueLeaf(authority, {
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
    lifetimeMs: LEAF_LIFETIME_MS,
    clock,
  })
  const bytes = utf8(JSON.stringify({ names, ...issued }))
  await keyring.store(place.purpose, place.id, bytes)
  bytes.fill(0)
  return issued
}

/** What cannot be read is of another version of Sluice, for the keyring vouches for the bytes; a new one takes its place. */
function stillGood(kept: Bytes, authority: Authority, names: string[], clock: Clock): TlsMaterial | undefined {
  const parsed = v.safeParse(KeptLeaf, fromUtf8(kept))
  if (!parsed.success) return undefined
  const { certificatePem, privateKeyPem } = parsed.output
  if (parsed.output.names.join(' ') !== names.join(' ') || !certificatePem.endsWith(authority.certificatePem))
    return undefined
  const { validFrom, validTo } = new X509Certificate(certificatePem)
  const [now, from, to] = [clock.now(), Date.parse(validFrom), Date.parse(validTo)]
  return now >= from && to - now > LEAF_REST_MS_MIN ? { certificatePem, privateKeyPem } : undefined
}
