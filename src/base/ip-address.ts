/** IP addresses as bytes. */
import { isIP } from 'node:net'

/** 4 bytes or 16, in the order of the wire; `undefined` for what is no address, or names an interface behind a `%`. */
export function ipAddressBytes(address: string): Uint8Array<ArrayBuffer> | undefined {
  if (address.includes('%')) return undefined
  const version = isIP(address)
  if (version === 0) return undefined
  if (version === 4) return Uint8Array.from(address.split('.').map(Number))
  return Uint8Array.from(groupsOf(address).flatMap((group) => [group >> 8, group & 0xff]))
}

/** The eight groups; `::` stands for as many zero groups as are missing (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const [before = [], after = []] = address.split('::').map(groupsIn)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

function groupsIn(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}
