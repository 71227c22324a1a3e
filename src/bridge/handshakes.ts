/** The handshakes of all bridges of a Runtime, in the main process: static keys and shared secrets never leave it, session keys do. */
import { type Bytes, base64url, type Clock, canonicalJson, codeOf, logOf, type Random, utf8 } from '../base/mod.ts'
import {
  type AgreementKey,
  createHandshake,
  generateStoredKeyPair,
  type Handshake,
  noiseP256,
  type PublicKeyBytes,
  type TransportKeys,
  thumbprint,
} from '../crypto/mod.ts'
import { BridgeHandshakeRefused } from './errors.ts'

/** The suite of a bridge's channel; in the prologue and in status. */
export const BRIDGE_SUITE = 'Noise_KKpsk0_P256_AESGCM_SHA256'
/** Version of the protocol inside the channel, in the prologue. */
export const BRIDGE_PROTOCOL_VERSION = 1
/** Handshakes begun and not finished: 1,024 × ~1 KiB = 1 MiB. The oldest is dropped. */
export const BEGUN_HANDSHAKES_MAX = 1_024
/** A begun handshake is good for so long; the dialing end gives up before. */
export const BEGUN_LIFETIME_MS = 30_000
/** A first message has 65 B of ephemeral key and a 16 B tag, and so has the second: payloads are empty. */
export const HANDSHAKE_MESSAGE_BYTES = 81

/** What the two ends of a bridge must agree on, and the secrets that prove it. */
export type BridgeTerms = {
  deployment: string
  generation: number
  /** The component whose records cross. */
  from: string
  /** The components that take them. */
  to: readonly string[]
  direction: 'out' | 'in'
  role: 'dial' | 'listen'
  /** The bridge's shared secret, 32 bytes. */
  psk: Bytes
  /** The peer's agreement key, from the owner's own list of peers. */
  peerKey: PublicKeyBytes
}

/** Keys of one session. All but `handshakeHash` are secret. */
export type SessionKeys = TransportKeys

/** The three steps of a handshake. In a worker they are carried to main over the inherited channel. */
export type HandshakeClient = {
  /** Starts one as the end that dials: the first message, and a name for the handshake. */
  begin(bridge: string): Promise<{ session: string; message: Bytes }>
  /** Answers a first message as the end that listens. The keys count only once the initiator's first frame opens under them. */
  answer(bridge: string, message: Bytes): Promise<{ message: Bytes; keys: SessionKeys }>
  /** Takes the answer to `begin`; the handshake is over afterwards, whatever comes out. */
  finish(session: string, message: Bytes): Promise<SessionKeys>
}

/** What the handshakes of a Runtime stand on. */
export type HandshakeDeps = {
  /** This Runtime's own agreement key. */
  keys: { agreement: AgreementKey }
  /** The terms of a bridge in force; `undefined` for every other. */
  bridgeOf(bridge: string): Promise<BridgeTerms | undefined>
  clock: Clock
  random: Random
}

/** Makes the handshakes of a Runtime. Every failure is `bridge.handshake_refused`, after the same work. */
export function createHandshakes(deps: HandshakeDeps): HandshakeClient {
  const begun = new BegunHandshakes(deps.clock)
  return {
    begin: (bridge) =>
      refusing(async () => {
        const handshake = await handshakeFor(deps, bridge, 'dial')
        const session = base64url(deps.random(16))
        const message = await handshake.writeMessage()
        begun.keep(session, handshake)
        return { session, message }
      }),
    answer: (bridge, message) =>
      refusing(async () => {
        const handshake = await handshakeFor(deps, bridge, 'listen')
        await readEmpty(handshake, message)
        return { message: await handshake.writeMessage(), keys: await handshake.split() }
      }),
    finish: (session, message) =>
      refusing(async () => {
        const handshake = begun.take(session)
        await readEmpty(handshake, message)
        return handshake.split()
      }),
  }
}

/** Handshakes that wait for the peer's answer: bounded in number and in time. */
class BegunHandshakes {
  readonly #clock: Clock
  readonly #begun = new Map<string, { handshake: Handshake; expiresAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  keep(session: string, handshake: Handshake): void {
    const now = this.#clock.monotonic()
    for (const [name, old] of this.#begun) {
      if (old.expiresAt > now && this.#begun.size < BEGUN_HANDSHAKES_MAX) break
      old.handshake.erase()
      this.#begun.delete(name)
    }
    this.#begun.set(session, { handshake, expiresAt: now + BEGUN_LIFETIME_MS })
  }

  take(session: string): Handshake {
    const found = this.#begun.get(session)
    this.#begun.delete(session)
    if (!found || found.expiresAt <= this.#clock.monotonic())
      throw new BridgeHandshakeRefused('no such handshake is under way')
    return found.handshake
  }
}

async function handshakeFor(deps: HandshakeDeps, bridge: string, role: 'dial' | 'listen'): Promise<Handshake> {
  const found = await deps.bridgeOf(bridge)
  // An unknown bridge gets a handshake like any other, with keys that nobody has: it fails at the same step, after the same work.
  const terms = found?.role === role ? found : await termsOfNobody(deps.random, role)
  return createHandshake({
    pattern: 'KKpsk0',
    suite: noiseP256,
    initiator: role === 'dial',
    prologue: await prologueOf(bridge, terms, deps.keys.agreement.kid),
    static: deps.keys.agreement,
    remoteStatic: terms.peerKey,
    psk: terms.psk,
  })
}

/** What both ends hash before the first message: if anything differs, the handshake fails. The components are joined, not just the hosts. */
async function prologueOf(bridge: string, terms: BridgeTerms, ownKid: string): Promise<Bytes> {
  const peerKid = await thumbprint(terms.peerKey)
  const dials = terms.role === 'dial'
  return utf8(
    canonicalJson({
      suite: BRIDGE_SUITE,
      version: BRIDGE_PROTOCOL_VERSION,
      deployment: terms.deployment,
      bridge,
      generation: terms.generation,
      from: terms.from,
      to: [...terms.to].sort(),
      sender: (terms.direction === 'out') === dials ? 'initiator' : 'responder',
      initiator: dials ? ownKid : peerKid,
      responder: dials ? peerKid : ownKid,
    }),
  )
}

async function termsOfNobody(random: Random, role: 'dial' | 'listen'): Promise<BridgeTerms> {
  const { publicKey, pkcs8 } = await generateStoredKeyPair('agree')
  pkcs8.fill(0)
  const name = base64url(random(16))
  return {
    deployment: name,
    generation: 1,
    from: name,
    to: [name],
    direction: 'in',
    role,
    psk: random(32),
    peerKey: publicKey,
  }
}

async function readEmpty(handshake: Handshake, message: Bytes): Promise<void> {
  const payload = await handshake.readMessage(message)
  if (payload.byteLength > 0) throw new BridgeHandshakeRefused('a handshake message carries a payload')
}

async function refusing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    logOf('bridge').debug('a handshake was refused', { code: codeOf(cause) })
    throw new BridgeHandshakeRefused('the handshake is refused', { cause })
  }
}
