/** Finds the server name (RFC 6066 §3) in the first bytes of a TLS connection, so that its socket can be handed to whoever owns it. */

/** A ClientHello with a post-quantum key share has about 1.9 KiB; 16 KiB leave room and bound what a stranger can make us keep. */
export const CLIENT_HELLO_BYTES_MAX = 16_384

export type ClientHelloReading =
  | { state: 'incomplete' }
  /** Not TLS, or no hello that keeps to its form: never worth another byte. */
  | { state: 'refused' }
  /** A hello that names no server. */
  | { state: 'unnamed' }
  | { state: 'read'; serverName: string }

const RECORD_HEAD_BYTES = 5
const CONTENT_HANDSHAKE = 22
const MESSAGE_CLIENT_HELLO = 1
const EXTENSION_SERVER_NAME = 0
const NAME_HOST = 0
/** Version 2 B and random 32 B. */
const FIXED_BYTES = 34

/** Reads what has come so far (RFC 8446 §4.1.2, §5.1). Call it again with more bytes while it says `incomplete`. */
export function readClientHello(bytes: Uint8Array): ClientHelloReading {
  const message = handshakeBytes(bytes)
  if (message === 'refused') return { state: 'refused' }
  if (message.byteLength > 0 && message[0] !== MESSAGE_CLIENT_HELLO) return { state: 'refused' }
  if (message.byteLength < 4) return { state: 'incomplete' }
  const end = 4 + (((message[1] ?? 0) << 16) | ((message[2] ?? 0) << 8) | (message[3] ?? 0))
  if (end > CLIENT_HELLO_BYTES_MAX) return { state: 'refused' }
  if (message.byteLength < end) {
    return bytes.byteLength >= CLIENT_HELLO_BYTES_MAX ? { state: 'refused' } : { state: 'incomplete' }
  }
  return serverNameOf(new Cursor(message.subarray(4, end)))
}

/** The handshake bytes out of the records, which may cut the message anywhere. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | 'refused' {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    if (bytes[at] !== CONTENT_HANDSHAKE || (at + 1 < bytes.byteLength && bytes[at + 1] !== 3)) return 'refused'
    if (bytes.byteLength - at < RECORD_HEAD_BYTES) break
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0)
    if (length === 0 || length > CLIENT_HELLO_BYTES_MAX) return 'refused'
    parts.push(bytes.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + length))
    at += RECORD_HEAD_BYTES + length
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}

function serverNameOf(hello: Cursor): ClientHelloReading {
  hello.skip(FIXED_BYTES)
  hello.skip(hello.uint8())
  hello.skip(hello.uint16())
  hello.skip(hello.uint8())
  const extensions = hello.take(hello.uint16())
  while (extensions.remaining > 0) {
    const type = extensions.uint16()
    const body = extensions.take(extensions.uint16())
    if (type !== EXTENSION_SERVER_NAME) continue
    const names = body.take(body.uint16())
    while (names.remaining > 0) {
      const kind = names.uint8()
      const name = names.text(names.uint16())
      if (kind !== NAME_HOST) continue
      return extensions.overrun || name === '' ? { state: 'refused' } : { state: 'read', serverName: name }
    }
    return { state: 'refused' }
  }
  return { state: hello.overrun || extensions.overrun ? 'refused' : 'unnamed' }
}

/** Reads forward and never past the end: a length that lies empties it. */
class Cursor {
  readonly #bytes: Uint8Array
  #at = 0
  overrun = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  get remaining(): number {
    return this.#bytes.byteLength - this.#at
  }
  skip(length: number): void {
    if (length > this.remaining) this.overrun = true
    this.#at = Math.min(this.#at + length, this.#bytes.byteLength)
  }
  uint8(): number {
    const value = this.#bytes[this.#at] ?? 0
    this.skip(1)
    return value
  }
  uint16(): number {
    return (this.uint8() << 8) | this.uint8()
  }
  take(length: number): Cursor {
    const taken = new Cursor(this.#bytes.subarray(this.#at, this.#at + length))
    taken.overrun = length > this.remaining
    this.skip(length)
    return taken
  }
  /** ASCII; empty when a byte is none or the length lies. */
  text(length: number): string {
    if (length > this.remaining) return ''
    const raw = this.#bytes.subarray(this.#at, this.#at + length)
    this.skip(length)
    return raw.every((byte) => byte > 0x20 && byte < 0x7f) ? String.fromCharCode(...raw) : ''
  }
}
