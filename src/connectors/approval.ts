/** What an owner of the Runtime agrees to with a connector: to which site it connects, with which credential. Nothing else is asked anew. */
import { canonicalJson, utf8 } from '../base/mod.ts'
import { sha256Hex } from '../crypto/mod.ts'
import type { NewConnector } from './connector-store.ts'
import { connectorType } from './types.ts'

type Approvable = Pick<NewConnector, 'type' | 'config' | 'credential' | 'network'>

/** Known by this digest; another site, credential or network has another. */
export function approvalDigest({ type, config, credential, network }: Approvable): Promise<string> {
  const { url, ca = null } = connectorType(type).site(config)
  const { origin } = new URL(url)
  return sha256Hex(utf8(canonicalJson({ type, origin, ca, credential, network })))
}

/** `host:port` of its site, for the owner's rules. */
export function hostOf({ type, config }: Pick<Approvable, 'type' | 'config'>): string {
  const { hostname, port } = new URL(connectorType(type).site(config).url)
  return `${hostname}:${port === '' ? 443 : port}`
}
