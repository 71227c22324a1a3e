/**
 * The certificates of a Runtime's two ports: the owner's own where there is one, else leaves under the Runtime's own authority, one for
 * 8752 and one of a day for each bridge that listens.
 */
import type { SecureContext } from 'node:tls'
import { type Clock, logOf } from '../base/mod.ts'
import { acmeOrders, type Certificates, openCertificates } from '../certificates/mod.ts'
import { type Authority, issueLeaf } from '../crypto/mod.ts'
import { secureContextOf, type TlsMaterial } from '../host/mod.ts'
import { LOCAL_NAMES, serverLeaf } from '../server/mod.ts'
import { OWN_SERVER_NAME } from '../wire/mod.ts'
import type { RuntimeConfig } from './config.ts'
import type { RuntimeState } from './open-state.ts'

/** Where the keyring keeps the leaf of 8752 with its key. */
const MANAGEMENT_LEAF = { purpose: 'management-leaf', id: 'runtime' }
/** How often an end that comes nearer and a renewal that is due are looked for. */
export const CERTIFICATES_CHECK_MS = 3_600_000
/** A bridge's certificate; what authenticates a bridge is the handshake inside. */
const BRIDGE_LEAF_LIFETIME_MS = 24 * 3_600_000
/** Renewed at half of it. */
export const BRIDGE_LEAF_RENEWAL_MS = BRIDGE_LEAF_LIFETIME_MS / 2

export type RuntimeCertificatesDeps = {
  state: Pick<RuntimeState, 'authority' | 'keyring'>
  config: Pick<RuntimeConfig, 'host' | 'publicHost'>
  closing: AbortSignal
  clock: Clock
}

/** Those of 8752, which strangers on 32100 are shown as well. */
export function openRuntimeCertificates(deps: RuntimeCertificatesDeps): Promise<Certificates> {
  const { state, config, closing, clock } = deps
  const { host: hostname, publicHost: host } = config
  const names = [host, ...LOCAL_NAMES]
  return openCertificates({
    ...{ keyring: state.keyring, names, ownName: OWN_SERVER_NAME, host, closing, clock },
    ownLeaf: () => serverLeaf({ ...state, kept: MANAGEMENT_LEAF, names: [host], clock }),
    order: acmeOrders({ hostname, clock }),
    log: logOf('certificates'),
  })
}

/** What whoever names no bridge is shown on 32100: the owner's certificate, if there is one. */
export function bridgeGreeting(certificates: Certificates): () => SecureContext | undefined {
  const made = (): SecureContext | undefined =>
    certificates.installed && secureContextOf(certificates.installed, 'TLSv1.3')
  let context = made()
  certificates.onChange(() => {
    context = made()
  })
  return () => context
}

/** For one bridge: its DNS name is the label that the assignment gave it. */
export function bridgeLeaf(authority: Authority, label: string, clock: Clock): Promise<TlsMaterial> {
  return issueLeaf(authority, { dnsNames: [label], ipAddresses: [], lifetimeMs: BRIDGE_LEAF_LIFETIME_MS, clock })
}
