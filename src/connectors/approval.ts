/** What an owner of the Runtime agrees to with a connector: to which sites it connects, with which credential. Nothing else is asked anew. */
import { canonicalJson, utf8 } from '../base/mod.ts'
import { sha256Hex } from '../crypto/mod.ts'
import type { NewConnector } from './connector-store.ts'
import type { Site } from './http/site-client.ts'
import { connectorType } from './types.ts'

type Approvable = Pick<NewConnector, 'type' | 'config' | 'credential' | 'network'>

/** Known by this digest; another site, credential or network, or something else that is sent, has another. */
export function approvalDigest({ type, config, credential, network }: Approvable): Promise<string> {
  const sends = connectorType(type).sends?.(config)
  const [site, signIn] = sitesOf({ type, config }).map(({ url, ca = null }) => ({ origin: new URL(url).origin, ca }))
  return sha256Hex(
    utf8(canonicalJson({ type, ...site, credential, network, ...(signIn && { signIn }), ...(sends && { sends }) })),
  )
}

/** `host:port` of its site, and of where it signs in if that is another: for the owner's rules. */
export function hostsOf(connector: Pick<Approvable, 'type' | 'config'>): string[] {
  const hosts = sitesOf(connector).map(({ url }) => {
    const { hostname, port } = new URL(url)
    return `${hostname}:${port === '' ? 443 : port}`
  })
  return [...new Set(hosts)]
}

/** The same as people read it. */
export function hostOf(connector: Pick<Approvable, 'type' | 'config'>): string {
  return hostsOf(connector).join(', ')
}

function sitesOf({ type, config }: Pick<Approvable, 'type' | 'config'>): Site[] {
  const { site, signInSite } = connectorType(type)
  return [site(config), ...(signInSite ? [signInSite(config)] : [])]
}
