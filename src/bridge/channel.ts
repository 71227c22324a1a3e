/** Frames sealed under the keys of one session: each opens once, in its order, unchanged, or the channel is closed for good. */
import { type Bytes, concatBytes } from '../base/mod.ts'
import { type BulkCipher, createBulkCipher } from '../crypto/mod.ts'
import { ChannelBroken } from './errors.ts'
import {
  FRAME_BYTES_MAX,
  type Frame,
  HEADER_BYTES,
  nonceOf,
  PAYLOAD_BYTES_MAX,
  readHeader,
  TAG_BYTES,
  writeHeader,
} from './frame.ts'
import type { SessionKeys } from './handshakes.ts'
import type { MessageSocket } from './message-socket.ts'

/**
 * Frames in one direction under one key; then the channel closes and a new handshake makes new keys. 2^24 frames × 2^14 blocks = 2^38
 * blocks, for which AES-GCM's bound on a distinguisher, blocks²/2^129, is 2^-53.
 */
const FRAMES_PER_KEY_MAX = 2 ** 24

/** What passed, both directions together, sealed. */
export type ChannelTally = { frames: number; bytes: number }

export class SecureChannel {
  readonly #socket: MessageSocket
  readonly #sealing: BulkCipher
  readonly #opening: BulkCipher
  readonly #tally: ChannelTally
  readonly #framesMax: number
  #sent = 0
  #received = 0
  #sending: Promise<void> = Promise.resolve()
  #closed = false

  /** Takes over the socket and the two keys, which it overwrites; adds to `tally` what passes. */
  constructor(socket: MessageSocket, keys: SessionKeys, tally: ChannelTally, framesMax = FRAMES_PER_KEY_MAX) {
    this.#socket = socket
    this.#sealing = createBulkCipher(keys.send)
    this.#opening = createBulkCipher(keys.receive)
    this.#tally = tally
    this.#framesMax = framesMax
    keys.send.fill(0)
    keys.receive.fill(0)
    // Later secrets grow from it once sessions are ratcheted; nothing does yet.
    keys.chainingKey.fill(0)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Frames sent so far. */
  get sent(): number {
    return this.#sent
  }

  /** Seals and sends a frame after all that were given before. Resolves when it is written out; rejects once the channel is closed. */
  send(type: number, payload: Uint8Array, flags = 0): Promise<void> {
    const sent = this.#sending.then(() => this.#sealAndSend(type, payload, flags))
    this.#sending = sent
    // The same failure reaches every later sender; the last one must not become an unhandled rejection.
    sent.catch(() => this.destroy())
    return sent
  }

  /** The next frame; `undefined` once the connection is gone. Throws `bridge.channel_broken`, and then it is closed. */
  async receive(): Promise<Frame | undefined> {
    const message = await this.#socket.receive()
    if (message === undefined || this.#closed) {
      this.destroy()
      return undefined
    }
    try {
      return await this.#open(message)
    } catch (cause) {
      this.destroy()
      throw cause instanceof ChannelBroken ? cause : new ChannelBroken('a frame is not authentic', { cause })
    }
  }

  /** Closes after what was sent. */
  async close(): Promise<void> {
    await this.#sending.catch(() => undefined)
    if (this.#closed) return
    this.#end()
    this.#socket.close()
  }

  /** Closes at once. Safe to call twice. */
  destroy(): void {
    this.#end()
    this.#socket.destroy()
  }

  #end(): void {
    this.#closed = true
    this.#sealing.erase()
    this.#opening.erase()
  }

  async #sealAndSend(type: number, payload: Uint8Array, flags: number): Promise<void> {
    if (this.#closed) throw new ChannelBroken('the channel is closed')
    if (payload.byteLength > PAYLOAD_BYTES_MAX) throw new ChannelBroken('a frame is longer than 256 KiB')
    if (this.#sent >= this.#framesMax) throw new ChannelBroken('the key has sealed as many frames as it may')
    const counter = this.#sent++
    const header = writeHeader({ type, flags, epoch: 0, payloadBytes: payload.byteLength, counter })
    const sealed = await this.#sealing.seal(nonceOf(counter), payload, header)
    this.#count(HEADER_BYTES + sealed.byteLength)
    await this.#socket.send(concatBytes(header, sealed))
  }

  async #open(message: Bytes): Promise<Frame> {
    if (message.byteLength < HEADER_BYTES + TAG_BYTES) throw new ChannelBroken('a frame is cut')
    if (message.byteLength > FRAME_BYTES_MAX) throw new ChannelBroken('a frame is longer than 256 KiB')
    const header = readHeader(message)
    if (header.payloadBytes !== message.byteLength - HEADER_BYTES - TAG_BYTES) throw new ChannelBroken('a frame is cut')
    if (header.epoch !== 0) throw new ChannelBroken('a frame names a key that there is not')
    if (header.counter !== this.#received) throw new ChannelBroken('a frame is out of order')
    if (this.#received >= this.#framesMax) throw new ChannelBroken('the key has opened as many frames as it may')
    const payload = await this.#opening.open(
      nonceOf(header.counter),
      message.subarray(HEADER_BYTES),
      message.subarray(0, HEADER_BYTES),
    )
    this.#received++
    this.#count(message.byteLength)
    return { type: header.type, flags: header.flags, payload }
  }

  #count(bytes: number): void {
    this.#tally.frames++
    this.#tally.bytes += bytes
  }
}
