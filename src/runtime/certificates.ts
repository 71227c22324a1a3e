/** The leaves that main issues under the Runtime's own authority: one for 8752, one of a day for each bridge that listens. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import * as v from 'valibot'
import { type Bytes, type Clock, fromUtf8, utf8 } from '../base/mod.ts'
import { type Authority, issueLeaf } from '../crypto/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'
import type { Keyring } from '../keys/mod.ts'

const DAY_MS = 24 * 3_600_000
/** A bridge's certificate; what authenticates a bridge is the handshake inside. */
const BRIDGE_LEAF_LIFETIME_MS = DAY_MS
/** Renewed at half of it. */
export const BRIDGE_LEAF_RENEWAL_MS = BRIDGE_LEAF_LIFETIME_MS / 2
/** 40 days: renewed at half of it, a machine that was off for two weeks still starts with one that holds. */
const MANAGEMENT_LEAF_LIFETIME_MS = 40 * DAY_MS
const MANAGEMENT_LEAF_REST_MS_MIN = MANAGEMENT_LEAF_LIFETIME_MS / 2
/** How often its age is looked at while the Runtime runs: what was kept over starts may be of any age. */
export const MANAGEMENT_LEAF_CHECK_MS = DAY_MS

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']

/** Where the keyring keeps the leaf of 8752 with its key. */
const LEAF = { purpose: 'management-leaf', id: 'runtime' }

const KeptLeaf = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ names: v.array(v.string()), certificatePem: v.string(), privateKeyPem: v.string() }),
)

export type ManagementLeafOptions = {
  authority: Authority
  keyring: Pick<Keyring, 'load' | 'store'>
  /** Names and addresses that were configured; this machine's own are added. */
  names: readonly string[]
  clock: Clock
}

/**
 * For 8752: the leaf that the keyring holds, as long as half of its life is left and its names and authority are still these;
 * else a new one, which is kept. Issuing takes as long as half of all else at a start.
 */
export async function managementLeaf(options: ManagementLeafOptions): Promise<TlsMaterial> {
  const { authority, keyring, clock } = options
  const names = [...new Set([...options.names, ...LOCAL_NAMES])]
  const kept = await keyring.load(LEAF.purpose, LEAF.id)
  const leaf = kept && stillGood(kept, authority, names, clock)
  kept?.fill(0)
  if (leaf) return leaf
  const issued = await issueLeaf(authority, {
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
    lifetimeMs: MANAGEMENT_LEAF_LIFETIME_MS,
    clock,
  })
  const bytes = utf8(JSON.stringify({ names, ...issued }))
  await keyring.store(LEAF.purpose, LEAF.id, bytes)
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
  return now >= from && to - now > MANAGEMENT_LEAF_REST_MS_MIN ? { certificatePem, privateKeyPem } : undefined
}

/** For one bridge: its DNS name is the label that the assignment gave it. */
export function bridgeLeaf(authority: Authority, label: string, clock: Clock): Promise<TlsMaterial> {
  return issueLeaf(authority, { dnsNames: [label], ipAddresses: [], lifetimeMs: BRIDGE_LEAF_LIFETIME_MS, clock })
}
