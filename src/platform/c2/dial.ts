/** Calls a Runtime: its address is resolved once, judged, and dialled; TLS verifies chain and name under the Runtime's own CA. */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { codeOf, EncodingInvalid, fromUtf8 } from '../../base/mod.ts'
import { HostUnreachable, requestHttps } from '../../host/mod.ts'
import { MESSAGE_BYTES_MAX, OWN_SERVER_NAME } from '../../wire/mod.ts'
import { AddressForbidden, RuntimeAnswerOdd, RuntimeRefusedMessage } from '../errors.ts'
import type { Recorder } from '../recorder.ts'

/** A Runtime that does not answer within this is tried again later. */
const TIMEOUT_MS = 15_000

/** Where no Platform calls unless it was told to: this host, its links, private networks (RFC 1918, 4193, 6598), groups, nowhere. */
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

/** Whether an IP address is one that is called only where the configuration allows it; IPv4 inside IPv6 counts as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return PRIVATE.check(mapped, 'ipv4')
  const family = isIP(address)
  // Any other spelling of IPv4 inside IPv6 (`::ffff:7f00:1`) is refused rather than understood.
  if (family === 6 && /^(0*:)*:?ffff:/i.test(address)) return true
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

export type Dialled = { managementUrl: string; authority: string }
export type DialDeps = {
  allowPrivateAddresses: boolean
  recorder: Recorder
  resolve?: (host: string) => Promise<string>
}

/** Posts a signed message to a Runtime's C2 door and gives the answer's text. Fails as `requestHttps` does, and with `platform.address_forbidden`. */
export async function postToRuntime(
  deps: DialDeps,
  runtime: Dialled,
  token: string,
  signal?: AbortSignal,
): Promise<string> {
  const url = new URL('/c2/v1/messages', runtime.managementUrl)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const address = await (deps.resolve ?? resolveOnce)(host)
  if (!deps.allowPrivateAddresses && isPrivateAddress(address))
    throw new AddressForbidden('the Runtime’s address is a private one')
  const answer = await asItsAnswer(() =>
    requestHttps(url.href, {
      method: 'POST',
      headers: { 'content-type': 'application/jose', accept: 'application/jose' },
      body: token,
      ca: [runtime.authority],
      // By this name the Runtime shows what its authority signed, whatever certificate its owner shows to others.
      ...{ serverName: OWN_SERVER_NAME, alsoNamed: host },
      address,
      timeoutMs: TIMEOUT_MS,
      bytesMax: MESSAGE_BYTES_MAX,
      ...(signal && { signal }),
    }),
  )
  await deps.recorder.bytes('answer', answer.body)
  if (answer.status !== 200) throw new RuntimeRefusedMessage(`the Runtime answered ${answer.status}`)
  return asItsAnswer(() => fromUtf8(answer.body))
}

/** Whatever answers too much or no text there is not the Runtime, or not in order: a fault of its, which may pass, and none of what was sent. */
async function asItsAnswer<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (codeOf(cause) === 'host.answer_too_large' || cause instanceof EncodingInvalid)
      throw new RuntimeAnswerOdd('what answers at the Runtime’s address does not answer as a Runtime', { cause })
    throw cause
  }
}

async function resolveOnce(host: string): Promise<string> {
  if (isIP(host)) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new HostUnreachable(`the name ${host} cannot be resolved`, { cause })
  }
}
