/** Addresses that are called on behalf of somebody else only where the owner of this process allows it. */
import { BlockList, isIP } from 'node:net'

/** This host, its links, private networks (RFC 1918, 4193, 6598), groups, nowhere. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['2002::', 16],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6')

/** Whether an IP address is one that is called only where that was allowed; IPv4 inside IPv6 counts as IPv4. What is no address is private. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return PRIVATE.check(mapped, 'ipv4')
  const family = isIP(address)
  // Any other spelling of IPv4 inside IPv6 (`::ffff:7f00:1`) is refused rather than understood.
  if (family === 6 && /^(0*:)*:?ffff:/i.test(address)) return true
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
