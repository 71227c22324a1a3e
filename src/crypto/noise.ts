/** A Noise handshake (revision 34, §5.3): two messages, after which both ends hold the same fresh keys or none at all. */
import { type Bytes, concatBytes } from '../base/mod.ts'
import { HandshakeMisused, HandshakeRefused } from './errors.ts'
import { PATTERNS, type Pattern, type PatternName, type Token } from './noise-patterns.ts'
import type { DhKeyPair, NoiseSuite } from './noise-suite.ts'
import { SymmetricState } from './noise-symmetric.ts'

/** §3: no Noise message is longer. */
export const NOISE_MESSAGE_BYTES_MAX = 65_535
const PSK_BYTES = 32
const TAG_BYTES = 16
const EMPTY = new Uint8Array(0)

/** What a handshake starts from. Both ends name the same pattern, suite, prologue and psk, and each other's static keys. */
export type HandshakeOptions = {
  pattern: PatternName
  suite: NoiseSuite
  initiator: boolean
  /** What both ends must agree on beforehand; hashed, not sent. */
  prologue: Bytes
  /** Our static key, exactly where the pattern has one. */
  static?: DhKeyPair
  /** The peer's static public key, exactly where the pattern knows it beforehand. */
  remoteStatic?: Bytes
  /** The shared secret, 32 bytes, exactly where the pattern has one. Copied, and the copy overwritten at the end. */
  psk?: Bytes
  /** For published vectors only: a fixed ephemeral key. Never reuse one. */
  ephemeral?: DhKeyPair
}

/** 32-byte AES-256-GCM keys per direction, and what later secrets grow from. All but `handshakeHash` are secret: overwrite them after use. */
export type TransportKeys = { send: Bytes; receive: Bytes; handshakeHash: Bytes; chainingKey: Bytes }

/** One handshake of one side: the initiator writes then reads, the responder reads then writes, then both split. */
export type Handshake = {
  /** Our next message around a payload (none: empty). `noise.misused` out of turn. */
  writeMessage(payload?: Bytes): Promise<Bytes>
  /** The payload of the peer's message. `noise.message_refused`, the same for every reason, and then the handshake is over. */
  readMessage(message: Bytes): Promise<Bytes>
  /** Whether both messages have passed. */
  readonly finished: boolean
  /** The peer's static public key; in IK the responder learns it from the first message. */
  readonly remoteStatic: Bytes | undefined
  /** The keys, once; `noise.misused` before the end or a second time. */
  split(): Promise<TransportKeys>
  /** Overwrites what is secret, for a handshake that is given up. */
  erase(): void
}

/** Starts a handshake. Keys that the pattern lacks, or has no place for, are `noise.misused`; malformed public keys are refused by the suite. */
export function createHandshake(options: HandshakeOptions): Handshake {
  const pattern = PATTERNS[options.pattern]
  checkKeys(options, pattern)
  return new RunningHandshake(options, pattern)
}

class RunningHandshake implements Handshake {
  readonly #suite: NoiseSuite
  readonly #initiator: boolean
  readonly #pattern: Pattern
  readonly #protocolName: string
  readonly #prologue: Bytes
  readonly #static: DhKeyPair | undefined
  readonly #psk: Bytes | undefined
  #started: SymmetricState | undefined
  #ephemeral: DhKeyPair | undefined
  #remoteStatic: Bytes | undefined
  #remoteEphemeral: Bytes | undefined
  #turn = 0
  #stage: 'idle' | 'busy' | 'over' = 'idle'

  constructor(options: HandshakeOptions, pattern: Pattern) {
    this.#suite = options.suite
    this.#initiator = options.initiator
    this.#pattern = pattern
    this.#protocolName = `Noise_${options.pattern}_${options.suite.name}`
    this.#prologue = options.prologue.slice()
    this.#static = options.static
    this.#psk = options.psk?.slice()
    this.#ephemeral = options.ephemeral
    this.#remoteStatic = options.remoteStatic?.slice()
  }

  get finished(): boolean {
    return this.#turn === this.#pattern.messages.length
  }

  get remoteStatic(): Bytes | undefined {
    return this.#remoteStatic?.slice()
  }

  async writeMessage(payload: Bytes = EMPTY): Promise<Bytes> {
    const tokens = this.#take('write')
    if (payload.byteLength > NOISE_MESSAGE_BYTES_MAX - this.#overheadBytes(tokens)) {
      this.#stage = 'idle'
      throw new HandshakeMisused('the payload does not fit into one Noise message')
    }
    return this.#step(async () => {
      const parts: Bytes[] = []
      for (const token of tokens) parts.push(await this.#write(token))
      parts.push(await this.#state.encryptAndHash(payload))
      return concatBytes(...parts)
    })
  }

  async readMessage(message: Bytes): Promise<Bytes> {
    const tokens = this.#take('read')
    try {
      return await this.#step(async () => {
        if (message.byteLength > NOISE_MESSAGE_BYTES_MAX) throw new HandshakeRefused('the message is too long')
        const rest = new Cursor(message)
        for (const token of tokens) await this.#read(token, rest)
        return this.#state.decryptAndHash(rest.takeAll())
      })
    } catch (cause) {
      throw new HandshakeRefused('the handshake message is refused', { cause })
    }
  }

  async split(): Promise<TransportKeys> {
    if (!this.finished || this.#stage !== 'idle') throw new HandshakeMisused('there are no keys to split')
    this.#stage = 'busy'
    const { forward, backward, handshakeHash, chainingKey } = await this.#state.split()
    this.erase()
    const [send, receive] = this.#initiator ? [forward, backward] : [backward, forward]
    return { send, receive, handshakeHash, chainingKey }
  }

  erase(): void {
    this.#stage = 'over'
    this.#started?.erase()
    this.#psk?.fill(0)
    this.#ephemeral = undefined
  }

  /** Claims the turn before anything awaits, so that two calls at once cannot both have it. */
  #take(move: 'write' | 'read'): readonly Token[] {
    const tokens = this.#pattern.messages[this.#turn]
    const ours = (this.#turn === 0) === this.#initiator
    if (this.#stage !== 'idle' || tokens === undefined || ours !== (move === 'write'))
      throw new HandshakeMisused(`it is not the turn to ${move} a handshake message`)
    this.#stage = 'busy'
    return tokens
  }

  /** A failed step ends the handshake (§3): a half-mixed state must not meet a second try. */
  async #step(work: () => Promise<Bytes>): Promise<Bytes> {
    try {
      this.#started ??= await this.#start()
      const result = await work()
      if (this.#stage !== 'busy') throw new HandshakeMisused('the handshake was given up meanwhile')
      this.#turn += 1
      this.#stage = 'idle'
      return result
    } catch (cause) {
      this.erase()
      throw cause
    }
  }

  /** §5.3 Initialize: both ends hash what they should already agree on. */
  async #start(): Promise<SymmetricState> {
    const state = await SymmetricState.start(this.#protocolName, this.#suite.cipher)
    await state.mixHash(this.#prologue)
    for (const side of this.#pattern.known) {
      const own = (side === 'initiator') === this.#initiator
      await state.mixHash(present(own ? this.#static?.publicKey : this.#remoteStatic))
    }
    return state
  }

  get #state(): SymmetricState {
    return present(this.#started)
  }

  async #write(token: Token): Promise<Bytes> {
    if (token === 'e') {
      this.#ephemeral ??= await this.#suite.generateKeyPair()
      const publicKey = this.#ephemeral.publicKey
      await this.#mixEphemeral(publicKey)
      return publicKey
    }
    if (token === 's') return this.#state.encryptAndHash(present(this.#static).publicKey)
    await this.#mixSecret(token)
    return EMPTY
  }

  async #read(token: Token, rest: Cursor): Promise<void> {
    if (token === 'e') {
      const publicKey = rest.take(this.#suite.publicKeyBytes)
      this.#suite.checkPublicKey(publicKey)
      this.#remoteEphemeral = publicKey
      await this.#mixEphemeral(publicKey)
    } else if (token === 's') {
      const sealed = rest.take(this.#suite.publicKeyBytes + (this.#state.keyed ? TAG_BYTES : 0))
      const publicKey = await this.#state.decryptAndHash(sealed)
      this.#suite.checkPublicKey(publicKey)
      this.#remoteStatic = publicKey
    } else {
      await this.#mixSecret(token)
    }
  }

  async #mixEphemeral(publicKey: Bytes): Promise<void> {
    await this.#state.mixHash(publicKey)
    if (this.#pattern.usesPsk) await this.#state.mixPublicKey(publicKey)
  }

  /** In `es` the first letter is the initiator's key, the second the responder's. */
  async #mixSecret(token: 'ee' | 'es' | 'se' | 'ss' | 'psk'): Promise<void> {
    if (token === 'psk') return this.#state.mixKeyAndHash(present(this.#psk))
    const letters = this.#initiator ? token : `${token[1]}${token[0]}`
    const own = letters[0] === 'e' ? this.#ephemeral : this.#static
    const remote = letters[1] === 'e' ? this.#remoteEphemeral : this.#remoteStatic
    await this.#state.mixKey(await this.#suite.dh(present(own), present(remote)))
  }

  /** The most that a message is longer than its payload. */
  #overheadBytes(tokens: readonly Token[]): number {
    const keyBytes = { e: this.#suite.publicKeyBytes, s: this.#suite.publicKeyBytes + TAG_BYTES }
    return tokens.reduce((sum, token) => sum + (token === 'e' || token === 's' ? keyBytes[token] : 0), TAG_BYTES)
  }
}

/** Reads a message from the front; a message that ends too early is refused. */
class Cursor {
  #rest: Bytes
  constructor(bytes: Bytes) {
    // The caller may reuse his buffer while we await.
    this.#rest = bytes.slice()
  }
  take(length: number): Bytes {
    if (this.#rest.byteLength < length) throw new HandshakeRefused('the message ends too early')
    const taken = this.#rest.slice(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
  takeAll(): Bytes {
    return this.take(this.#rest.byteLength)
  }
}

/** Keys must match the pattern both ways: a psk that a pattern silently ignored would be a false promise. */
function checkKeys(options: HandshakeOptions, pattern: Pattern): void {
  const side = options.initiator ? 'initiator' : 'responder'
  const peer = options.initiator ? 'responder' : 'initiator'
  const rules: [string, boolean, boolean][] = [
    ['a static key', options.static !== undefined, pattern.statics.includes(side)],
    ["the peer's static key", options.remoteStatic !== undefined, pattern.known.includes(peer)],
    ['a shared secret', options.psk !== undefined, pattern.usesPsk],
  ]
  for (const [name, given, wanted] of rules)
    if (given !== wanted) throw new HandshakeMisused(`${options.pattern} ${wanted ? 'needs' : 'takes no'} ${name} here`)
  if (options.psk && options.psk.byteLength !== PSK_BYTES) throw new HandshakeMisused('a shared secret is 32 bytes')
  if (options.static) options.suite.checkPublicKey(options.static.publicKey)
  if (options.remoteStatic) options.suite.checkPublicKey(options.remoteStatic)
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new HandshakeMisused('a key that the pattern needs is not there yet')
  return value
}
