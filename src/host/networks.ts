/** IP networks as people write them (`10.0.0.0/8`, `2001:db8::/32`, a single address), and whether an address is in one. */
import { ipAddressBytes } from '../base/mod.ts'

/** `text` is the canonical form: lower case, host bits zero, no `/32` or `/128` behind a single address. */
export type Network = { readonly text: string; readonly bytes: Address; readonly prefix: number }
/** 4 bytes or 16. */
export type Address = Uint8Array

/** `undefined` for what is neither an address nor a network. Bits below the prefix are cut off: `192.168.1.7/24` is `192.168.1.0/24`. */
export function parseNetwork(text: string): Network | undefined {
  const parts = /^([0-9a-f:.]{2,45})(?:\/(\d{1,3}))?$/i.exec(text.trim())
  const bytes = parts && parseAddress(parts[1] ?? '')
  if (!parts || !bytes) return undefined
  const bits = bytes.byteLength * 8
  const prefix = prefixOf(parts[1] ?? '', parts[2], bits)
  if (prefix === undefined) return undefined
  const masked = bytes.map((byte, i) => byte & maskAt(i, prefix))
  return { text: `${textOf(masked)}${prefix === bits ? '' : `/${prefix}`}`, bytes: masked, prefix }
}

/** Whether the address is in that network. */
export function isWithin(address: Address, { bytes, prefix }: Network): boolean {
  if (address.byteLength !== bytes.byteLength) return false
  return bytes.every((byte, i) => ((address[i] ?? 0) & maskAt(i, prefix)) === byte)
}

/** Whether the address is this machine's own: 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1. */
export function isLoopback(address: string): boolean {
  const parsed = parseAddress(address)
  return parsed !== undefined && LOOPBACK.some((network) => isWithin(parsed, network))
}

const LOOPBACK = ['127.0.0.0/8', '::1'].flatMap((text) => parseNetwork(text) ?? [])

/** `::ffff:10.0.0.0/104` counts its prefix from the front of the IPv6 address. */
function prefixOf(address: string, given: string | undefined, bits: number): number | undefined {
  if (given === undefined) return bits
  const prefix = Number(given) - (bits === 32 && address.includes(':') ? 96 : 0)
  return prefix >= 0 && prefix <= bits ? prefix : undefined
}

function maskAt(i: number, prefix: number): number {
  return (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))) & 0xff
}

/**
 * `undefined` for what is none. IPv4 addresses mapped into IPv6 are IPv4 addresses (RFC 4291 §2.5.5.2); `%` begins the name of an
 * interface, which says nothing of the network.
 */
export function parseAddress(address: string): Address | undefined {
  const [bare = ''] = address.split('%')
  const bytes = ipAddressBytes(bare)
  if (bytes?.byteLength !== 16) return bytes
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  return mapped ? bytes.slice(12) : bytes
}

/** The canonical text; that of IPv6 (RFC 5952) is made by the host's URL parser. */
function textOf(bytes: Uint8Array): string {
  if (bytes.byteLength === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  const text = groups.map((group) => group.toString(16)).join(':')
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}
