/** The sending end: a sink whose `write` resolves when the far sink has it durably. */
import type { Bytes } from '../base/mod.ts'
import { type Batch, encodeBatch, type Sink } from '../pipeline/mod.ts'
import type { SecureChannel } from './channel.ts'
import { CREDIT_WINDOW_BYTES } from './credit.ts'
import { BatchTooLarge, BridgeClosed, ChannelBroken } from './errors.ts'
import { type Frame, FrameType } from './frame.ts'
import { type BridgeEnd, BridgeLink, type Delivery, type LinkOptions } from './link.ts'
import { ACKNOWLEDGED_MAX, INCARNATION_BYTES, partsOf, readNumbers, writeNumbers } from './payloads.ts'

/** Writes that may be open at once: four times the batches a flow has in flight by default, so that the window is the bound and not this. */
const WRITES_IN_FLIGHT_MAX = 256

/** The sending end: a sink for a flow. */
export type BridgeSink = BridgeEnd & Required<Sink>

/**
 * Opens the sending end; it connects by itself and again whenever the connection is lost. `write` waits as long as the bridge is
 * down, which holds the source; it rejects with `bridge.batch_too_large`, and with `bridge.closed` when closed first.
 */
export function openOutbound(options: LinkOptions): BridgeSink {
  const delivery = new Outbound(options.random(INCARNATION_BYTES))
  const link = new BridgeLink(options, delivery)
  link.start()
  return {
    inFlightMax: WRITES_IN_FLIGHT_MAX,
    write: (batch) => delivery.add(batch),
    end: () => delivery.add('end'),
    async close() {
      const leaving = options.leaving?.() ?? (delivery.hasEnded ? 'ended' : 'failed')
      delivery.close()
      await link.close(leaving)
    },
    accept: (socket, head, remainingMs) => link.accept(socket, head, remainingMs),
    renewTls: (tls) => link.renewTls(tls),
    status: () => link.status(),
  }
}

/** Something owed to the peer, until he has acknowledged it. */
type Owed = {
  /** Encoded when its turn comes: what waits for credit must not lie in memory twice. */
  content: Batch | Bytes | 'end'
  resolve: () => void
  reject: (error: unknown) => void
}

type Session = { channel: SecureChannel; nextSequence: number; sentBytes: number; limitBytes: number; wake: () => void }

class Outbound implements Delivery {
  readonly incarnation: Bytes
  /** By sequence, ascending. Of these at most a window has been encoded and sent. */
  readonly #owed = new Map<number, Owed>()
  #nextSequence = 1
  #session: Session | undefined
  #endSequence: number | undefined
  #closed = false

  constructor(incarnation: Bytes) {
    this.incarnation = incarnation
  }

  add(content: Batch | 'end'): Promise<void> {
    if (this.#closed) return Promise.reject(new BridgeClosed('the bridge is closed'))
    if (content === 'end') this.#endSequence = this.#nextSequence
    return new Promise((resolve, reject) => {
      this.#owed.set(this.#nextSequence++, { content, resolve, reject })
      this.#session?.wake()
    })
  }

  /** The flow has told its end; whatever comes now is no failure. */
  get hasEnded(): boolean {
    return this.#endSequence !== undefined
  }

  opened(channel: SecureChannel): void {
    // A receiver that was started anew has forgotten that we ended, even if it said that it knew.
    const end = this.#endSequence
    if (end !== undefined && !this.#owed.has(end))
      this.#owed.set(end, { content: 'end', resolve: () => undefined, reject: () => undefined })
    // Everything that is owed goes again, oldest first: the peer knows what he has already.
    const session: Session = { channel, nextSequence: 0, sentBytes: 0, limitBytes: 0, wake: () => undefined }
    this.#session = session
    // A send fails only with its channel, and then the next session begins from what is owed.
    this.#sendOwed(session).catch(() => channel.destroy())
  }

  lost(channel: SecureChannel): void {
    if (this.#session?.channel !== channel) return
    this.#session.wake()
    this.#session = undefined
  }

  received(frame: Frame): void {
    const session = this.#session
    if (!session) return
    if (frame.type === FrameType.close) return
    if (frame.type === FrameType.credit) this.#raiseLimit(session, readNumbers(frame.payload, 1)[0])
    else if (frame.type === FrameType.acknowledgement) {
      const [limit, ...sequences] = readNumbers(frame.payload, 1 + ACKNOWLEDGED_MAX)
      for (const sequence of sequences) this.#acknowledge(sequence)
      this.#raiseLimit(session, limit)
    } else throw new ChannelBroken('a frame came that the sending end does not take')
  }

  /** What is still owed is not lost: its source has not moved on, and sends it again after a restart. */
  close(): void {
    this.#closed = true
    for (const { reject } of this.#owed.values())
      reject(new BridgeClosed('the bridge was closed before the peer had acknowledged'))
    this.#owed.clear()
  }

  #acknowledge(sequence: number): void {
    if (sequence >= this.#nextSequence) throw new ChannelBroken('something was acknowledged that was never sent')
    this.#owed.get(sequence)?.resolve()
    this.#owed.delete(sequence)
  }

  #raiseLimit(session: Session, limitBytes: number): void {
    if (limitBytes < session.limitBytes || limitBytes > session.sentBytes + CREDIT_WINDOW_BYTES) {
      throw new ChannelBroken('the credit is outside the window')
    }
    session.limitBytes = limitBytes
    session.wake()
  }

  async #sendOwed(session: Session): Promise<void> {
    while (this.#session === session) {
      // Nothing may pass between finding nothing to send and waiting: a wake in between would be lost.
      const next = this.#nextToSend(session)
      if (next) await this.#send(session, ...next)
      else
        await new Promise<void>((resolve) => {
          session.wake = resolve
        })
    }
  }

  /** The oldest that this session has not carried, if there is credit for it. */
  #nextToSend(session: Session): [number, Bytes | 'end'] | undefined {
    for (; session.nextSequence < this.#nextSequence; session.nextSequence++) {
      const owed = this.#owed.get(session.nextSequence)
      const content = owed && this.#encoded(session.nextSequence, owed)
      if (!content) continue
      const bytes = content === 'end' ? 0 : content.byteLength
      if (session.sentBytes + bytes > session.limitBytes) return undefined
      session.sentBytes += bytes
      return [session.nextSequence++, content]
    }
    return undefined
  }

  async #send({ channel }: Session, sequence: number, content: Bytes | 'end'): Promise<void> {
    if (content === 'end') return channel.send(FrameType.end, writeNumbers([sequence]))
    for (const { flags, payload } of partsOf(sequence, content)) await channel.send(FrameType.batch, payload, flags)
  }

  /** A batch that has no bytes or too many is given back; the bridge goes on. */
  #encoded(sequence: number, owed: Owed): Bytes | 'end' | undefined {
    if (owed.content === 'end' || owed.content instanceof Uint8Array) return owed.content
    try {
      const body = encodeBatch(owed.content)
      if (body.byteLength > CREDIT_WINDOW_BYTES)
        throw new BatchTooLarge('a batch is larger than the window of a bridge')
      owed.content = body
      return body
    } catch (error) {
      this.#owed.delete(sequence)
      owed.reject(error)
      return undefined
    }
  }
}
