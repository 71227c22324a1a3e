/** The Platform's own TLS certificate under its own authority, renewed while it runs. */
import { isIP } from 'node:net'
import type { Clock } from '../base/mod.ts'
import { type Authority, issueLeaf } from '../crypto/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'

const DAY_MS = 86_400_000
const LEAF_LIFETIME_MS = 90 * DAY_MS
/** Well before its end, and below the 24 days that a timer can wait. */
export const LEAF_RENEWAL_MS = 14 * DAY_MS

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']

/** A leaf for the public name and for this machine's own names. */
export function platformLeaf(authority: Authority, publicHost: string, clock: Clock): Promise<TlsMaterial> {
  const names = [...new Set([publicHost, ...LOCAL_NAMES])]
  return issueLeaf(authority, {
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
    lifetimeMs: LEAF_LIFETIME_MS,
    clock,
  })
}
