/** Which certificate a TLS server shows: one for everybody, and perhaps its own for clients that ask for certain names. */
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocketOptions } from 'node:tls'

/** A certificate with its chain, leaf first, and its private key, as PEM. */
export interface TlsMaterial {
  certificatePem: string
  privateKeyPem: string
}

/** Shown to those who ask for one of these names: DNS names in lower case, or IP addresses. */
export interface NamedTls extends TlsMaterial {
  names: readonly string[]
}

/**
 * TLS 1.2 with what still holds of it: a fresh key for each session and an AEAD (RFC 9325 §4.2); TLS 1.3 has nothing else.
 * Node takes the names of both versions from one list.
 */
const CIPHERS = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':')

/** What a TLS server needs of a certificate. Throws the host's own error when the two do not fit. */
export function secureContextOf(tls: TlsMaterial, minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2'): SecureContext {
  const { certificatePem: cert, privateKeyPem: key } = tls
  // No client shows a certificate: with a `ca` named, the host does not parse the public authorities for nothing.
  return createSecureContext({ cert, key, ca: cert, minVersion, ciphers: CIPHERS, honorCipherOrder: true })
}

/** The choice in force for the next connection. */
export class TlsChoice {
  #main: SecureContext
  #named: { names: ReadonlySet<string>; context: SecureContext } | undefined

  constructor(tls: TlsMaterial, named?: NamedTls) {
    this.#main = secureContextOf(tls)
    this.#named = namedContext(named)
  }

  /** All of it or nothing: material that does not fit leaves the choice as it was. */
  set(tls: TlsMaterial, named?: NamedTls): void {
    const [main, own] = [secureContextOf(tls), namedContext(named)]
    this.#main = main
    this.#named = own
  }

  /** For one accepted socket: a client that names nobody asked for the address that it dialled. */
  optionsFor(raw: Socket): Pick<TLSSocketOptions, 'secureContext' | 'SNICallback'> {
    const dialled = (raw.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
    return {
      secureContext: this.#contextFor(dialled),
      SNICallback: (name, answer) => answer(null, this.#contextFor(name)),
    }
  }

  #contextFor(name: string): SecureContext {
    return this.#named?.names.has(name.toLowerCase()) ? this.#named.context : this.#main
  }
}

function namedContext(named: NamedTls | undefined): { names: ReadonlySet<string>; context: SecureContext } | undefined {
  return named && { names: new Set(named.names), context: secureContextOf(named) }
}
