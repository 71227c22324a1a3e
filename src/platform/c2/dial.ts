/** Calls a Runtime: its address is resolved once, judged, and dialled; TLS verifies chain and name under the Runtime's own CA. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { codeOf, EncodingInvalid, fromUtf8 } from '../../base/mod.ts'
import { HostUnreachable, isPrivateAddress, requestHttps } from '../../host/mod.ts'
import { MESSAGE_BYTES_MAX, OWN_SERVER_NAME } from '../../wire/mod.ts'
import { AddressForbidden, RuntimeAnswerOdd, RuntimeRefusedMessage } from '../errors.ts'
import type { Recorder } from '../recorder.ts'

/** A Runtime that does not answer within this is tried again later. */
const TIMEOUT_MS = 15_000

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
