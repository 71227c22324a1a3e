/** The connection of one end of a bridge: made, proved, watched, replaced, and made again after it was lost. */
import type { Socket } from 'node:net'
import {
  AppError,
  type Bytes,
  backoffMs,
  Cancelled,
  type Clock,
  codeOf,
  logOf,
  pause,
  type Random,
  rfc3339,
  Unreachable,
} from '../base/mod.ts'
import type { TlsMaterial } from '../host/mod.ts'
import type { BridgeStatus, Reason, WorkerBridge } from '../wire/mod.ts'
import { type ChannelTally, SecureChannel } from './channel.ts'
import { BridgeHandshakeRefused, ChannelBroken } from './errors.ts'
import { type Frame, FrameType } from './frame.ts'
import { BRIDGE_SUITE, HANDSHAKE_MESSAGE_BYTES, type HandshakeClient } from './handshakes.ts'
import { type Leaving, readLeaving, writeLeaving } from './leaving.ts'
import { HANDSHAKE_DEADLINE_MS } from './listener.ts'
import type { MessageSocket } from './message-socket.ts'
import { readOpen, writeOpen } from './payloads.ts'
import { Watch } from './watch.ts'
import { type Candidate, WssAcceptor } from './wss-accept.ts'
import { dialBridge } from './wss-dial.ts'

/** Waits between attempts to dial: short at first, since most losses are restarts of the peer. */
const RECONNECT_BACKOFF = { firstMs: 200, longestMs: 15_000 }
/** How long closing waits for the peer to close as well. */
const CLOSE_GRACE_MS = 1_000

/** What a session is for: the sending or the receiving of batches. */
export interface Delivery {
  /** Tells this start of the process from every other. */
  readonly incarnation: Bytes
  /** A session has begun with that incarnation of the peer; an earlier one is over. */
  opened(channel: SecureChannel, peer: Bytes): void
  /** A frame of the current session, in order. Throws `bridge.channel_broken` for one that has no place. */
  received(frame: Frame): void
  /** That session is over. */
  lost(channel: SecureChannel): void
}

/** What an end of a bridge needs: its terms without the secret, and the way to the handshakes of the main process. */
export type LinkOptions = {
  bridge: WorkerBridge
  handshakes: HandshakeClient
  clock: Clock
  random: Random
  /** Puts something between channel and connection: tests put faults there. */
  through?: (socket: MessageSocket) => MessageSocket
  /** Why this end is closed, asked when it is; without a word it has failed, unless all that was to cross has. */
  leaving?: () => Leaving | undefined
}

/** What both ends of a bridge offer beside being a sink or a source. */
export type BridgeEnd = {
  /** Takes a socket that the listener of the main process routed here, with what was read of it. */
  accept(socket: Socket, head: Bytes, remainingMs?: number): void
  /** The certificate for connections to come. */
  renewTls(tls: TlsMaterial): void
  status(): BridgeStatus
}

const log = logOf('bridge')

export class BridgeLink {
  readonly #options: LinkOptions
  readonly #delivery: Delivery
  readonly #closing = new AbortController()
  readonly #acceptor: WssAcceptor
  readonly #tally: ChannelTally = { frames: 0, bytes: 0 }
  #tls: TlsMaterial | undefined
  #live: SecureChannel | undefined
  #liveEnded: Promise<void> = Promise.resolve()
  #wasUp = false
  /** Why it is not up, as far as this end can tell. */
  #why: Reason | undefined
  /** What the peer said when it closed: more than can be seen from outside, for as long as it does not come back. */
  #peerLeft: Reason | undefined
  /** When it came into the state that it is in. */
  #sinceMs: number
  #dialing: Promise<void> | undefined

  constructor(options: LinkOptions, delivery: Delivery) {
    this.#options = options
    this.#delivery = delivery
    this.#tls = options.bridge.tls
    this.#sinceMs = options.clock.now()
    // Who listens knows of a peer that does not come only that it does not come.
    if (options.bridge.role === 'listen') this.#why = { code: 'bridge.peer_not_connected' }
    this.#acceptor = new WssAcceptor({
      bridge: options.bridge.bridge,
      tls: () => this.#certificate(),
      onCandidate: (candidate) => void this.#answer(candidate),
      clock: options.clock,
    })
  }

  /** Begins to dial, if this end dials. */
  start(): void {
    if (this.#options.bridge.role === 'dial') this.#dialing = this.#keepDialing()
  }

  accept(socket: Socket, head: Bytes, remainingMs = HANDSHAKE_DEADLINE_MS): void {
    if (this.#closing.signal.aborted || this.#options.bridge.role !== 'listen') return void socket.destroy()
    this.#acceptor.accept(socket, head, remainingMs)
  }

  renewTls(tls: TlsMaterial): void {
    this.#tls = tls
  }

  status(): BridgeStatus {
    const why = this.#peerLeft ?? this.#why
    return {
      bridge: this.#options.bridge.bridge,
      peer: this.#options.bridge.peer,
      state: this.#live ? 'up' : this.#wasUp ? 'down' : 'connecting',
      since: rfc3339(this.#sinceMs),
      ...(!this.#live && why && { reason: why }),
      suite: BRIDGE_SUITE,
      frames: this.#tally.frames,
      bytes: this.#tally.bytes,
      rotations: 0,
    }
  }

  /** Tells the peer and why, after all that was sent, and makes no new connection. */
  async close(leaving: Leaving): Promise<void> {
    this.#closing.abort()
    this.#acceptor.close()
    // What is acknowledged in this turn goes out before the last frame.
    await Promise.resolve()
    const live = this.#live
    if (live) {
      // A peer that is gone, or takes nothing more, must not hold us.
      const closed = live
        .send(FrameType.close, writeLeaving(leaving))
        .catch(() => undefined)
        .then(() => live.close())
        .then(() => this.#liveEnded)
      const over = new AbortController()
      await Promise.race([closed, pause(this.#options.clock, CLOSE_GRACE_MS, over.signal)])
      over.abort()
      live.destroy()
    }
    await this.#dialing
  }

  #certificate(): TlsMaterial {
    if (!this.#tls) throw new Unreachable('an end that listens was opened without a certificate')
    return this.#tls
  }

  async #keepDialing(): Promise<void> {
    for (let attempt = 1; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#dialOnce(() => {
          attempt = 1
        })
      } catch (error) {
        this.#note('a bridge could not be reached, or its connection broke', error)
      }
      const { clock, random } = this.#options
      await pause(clock, backoffMs(attempt, RECONNECT_BACKOFF, random), this.#closing.signal)
    }
  }

  async #dialOnce(onOpened: () => void): Promise<void> {
    const { bridge, handshakes } = this.#options
    if (!bridge.address) throw new Unreachable('an end that dials was opened without an address')
    const target = { ...bridge.address, bridge: bridge.bridge, label: bridge.label, authority: bridge.peerAuthority }
    const connection = await dialBridge(target, this.#closing.signal)
    const socket = this.#options.through?.(connection) ?? connection
    const opened = new AbortController()
    const closing = this.#closing.signal
    // Closing ends a connection that is still proving itself as well.
    const giveUp = (): void => {
      if (!opened.signal.aborted) socket.destroy()
    }
    void pause(this.#options.clock, 2 * HANDSHAKE_DEADLINE_MS, AbortSignal.any([opened.signal, closing])).then(giveUp)
    try {
      const { session, message } = await handshakes.begin(bridge.bridge)
      await socket.send(message)
      const keys = await handshakes.finish(session, await handshakeMessage(socket))
      await this.#run(new SecureChannel(socket, keys, this.#tally), true, () => {
        opened.abort()
        onOpened()
        return true
      })
    } finally {
      opened.abort()
      socket.destroy()
    }
  }

  /** A stranger must not learn why: whatever fails here, the deadline closes the connection. */
  async #answer(candidate: Candidate): Promise<void> {
    try {
      const socket = this.#options.through?.(candidate) ?? candidate
      const first = await handshakeMessage(socket)
      const { message, keys } = await this.#options.handshakes.answer(this.#options.bridge.bridge, first)
      await socket.send(message)
      await this.#run(new SecureChannel(socket, keys, this.#tally), false, () => candidate.confirm())
    } catch (error) {
      this.#note('a connection of a bridge was refused or broke', error)
    }
  }

  /** One session, from the first frame to the last. */
  async #run(channel: SecureChannel, initiator: boolean, confirm: () => boolean): Promise<void> {
    const hello = writeOpen(this.#delivery.incarnation)
    let ended = (): void => undefined
    const over = new Promise<void>((resolve) => {
      ended = resolve
    })
    try {
      if (initiator) await channel.send(FrameType.open, hello)
      const first = await channel.receive()
      if (!first) throw new ChannelBroken('the connection ended before the first frame')
      if (first.type !== FrameType.open) throw new ChannelBroken('the first frame opens nothing')
      const peer = readOpen(first.payload)
      // Only now has the initiator shown that he holds the keys: a replayed first message never comes so far.
      if (!confirm() || this.#closing.signal.aborted) return
      if (!initiator) await channel.send(FrameType.open, hello)
      this.#replaceLive(channel, over)
      this.#delivery.opened(channel, peer)
      await this.#readFrames(channel)
    } finally {
      channel.destroy()
      if (this.#live === channel) {
        this.#live = undefined
        this.#sinceMs = this.#options.clock.now()
      }
      this.#delivery.lost(channel)
      ended()
    }
  }

  #replaceLive(channel: SecureChannel, over: Promise<void>): void {
    const old = this.#live
    this.#live = channel
    this.#liveEnded = over
    this.#wasUp = true
    this.#sinceMs = this.#options.clock.now()
    this.#peerLeft = undefined
    this.#why = this.#options.bridge.role === 'listen' ? { code: 'bridge.peer_not_connected' } : undefined
    old?.destroy()
    log.info('a bridge is up', { bridge: this.#options.bridge.bridge })
  }

  async #readFrames(channel: SecureChannel): Promise<void> {
    const watch = new Watch(channel, this.#options.clock)
    try {
      for (;;) {
        const frame = await channel.receive()
        if (!frame || this.#live !== channel) return
        watch.heard()
        if (frame.type === FrameType.alive) continue
        this.#delivery.received(frame)
        if (frame.type === FrameType.close) {
          this.#peerLeft = readLeaving(frame.payload)
          return await channel.close()
        }
      }
    } finally {
      watch.stop()
    }
  }

  #note(message: string, error: unknown): void {
    if (error instanceof Cancelled) return
    this.#why = { code: codeOf(error) }
    const fields = { bridge: this.#options.bridge.bridge, code: codeOf(error), cause: codeOf((error as Error).cause) }
    if (error instanceof AppError) log.debug(message, fields)
    else log.error(message, { ...fields, error })
  }
}

async function handshakeMessage(socket: MessageSocket): Promise<Bytes> {
  const message = await socket.receive()
  if (message?.byteLength !== HANDSHAKE_MESSAGE_BYTES) throw new BridgeHandshakeRefused('no handshake message came')
  return message
}
