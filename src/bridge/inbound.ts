/** The receiving end: a source whose acks are the sender's acknowledgements. */
import { type Bytes, type Clock, hex } from '../base/mod.ts'
import { type Ack, type Batch, type Checkpoints, decodeBatch, type Source } from '../pipeline/mod.ts'
import type { SecureChannel } from './channel.ts'
import { CREDIT_WINDOW_BYTES } from './credit.ts'
import { EndMemory } from './end-memory.ts'
import { ChannelBroken } from './errors.ts'
import { FLAG_FIRST, FLAG_LAST, type Frame, FrameType } from './frame.ts'
import { type BridgeEnd, BridgeLink, type Delivery, type LinkOptions } from './link.ts'
import { ACKNOWLEDGED_MAX, Assembly, INCARNATION_BYTES, readNumbers, writeNumbers } from './payloads.ts'
import { doAfter } from './watch.ts'

/** After the end was acknowledged: how long the sender has to close, or to come back if he crashed, before the source ends all the same. */
export const END_LINGER_MS = 10_000

/** What the receiving end needs. `checkpoints` let it know after a restart that the sender had ended. */
export type InboundOptions = LinkOptions & { checkpoints: Checkpoints }

/** The receiving end: a source for a flow. */
export type BridgeSource = BridgeEnd & Source

/**
 * Opens the receiving end. `read` waits as long as nothing comes; it says `'end'` once the sender has ended and knows that we know. It
 * rejects with what the checkpoints gave when they did not load or save; reading again tries that again.
 */
export function openInbound(options: InboundOptions): BridgeSource {
  const delivery = new Inbound(options)
  const link = new BridgeLink(options, delivery)
  link.start()
  return {
    read: () => delivery.read(),
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

/** One start of the sending process, and what it has sent that is not acknowledged. */
type Sender = { name: string; highest: number; pending: Map<number, Received>; end: End }

/** Of the end that a sender tells: it is durable here before he learns that we know of it. */
type End = 'none' | 'came' | 'being kept' | 'acknowledged'

type Received = {
  sender: Sender
  sequence: number
  bytes: number
  /** The session in which its bytes were last counted against the credit. */
  session: Session
  batch: Batch
  /** The flow gave it back: it is handed out again when it comes again. */
  failed: boolean
}

type Read = { batch: Batch; ack: Ack } | 'end'

type Session = {
  channel: SecureChannel
  receivedBytes: number
  limitBytes: number
  lastSequence: number
  assembly: Assembly | undefined
  acknowledged: number[]
}

class Inbound implements Delivery {
  readonly incarnation: Bytes
  readonly #clock: Clock
  readonly #over = new AbortController()
  #sender: Sender | undefined
  #session: Session | undefined
  #queue: Received[] = []
  #ended = false
  readonly #end: EndMemory
  #fault: { error: unknown } | undefined
  #reader: { resolve: (read: Read) => void; reject: (error: unknown) => void } | undefined

  constructor({ random, clock, bridge, checkpoints }: InboundOptions) {
    this.incarnation = random(INCARNATION_BYTES)
    this.#clock = clock
    const onOver = (): void => this.#tellEnd()
    const onFault = (error: unknown): void => this.#failReading(error)
    this.#end = new EndMemory({ checkpoints, bridge, clock, onOver, onFault })
  }

  /** The source came to its end. */
  get hasEnded(): boolean {
    return this.#ended
  }

  read(): Promise<Read> {
    if (!this.#fault) this.#rememberEnd()
    const next = this.#queue.shift()
    if (next) return Promise.resolve(this.#handOut(next))
    if (this.#ended) return Promise.resolve('end')
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
      if (this.#fault) this.#failReading(this.#fault.error)
    })
  }

  /** Does again what the checkpoints have failed to do, if anything. */
  #rememberEnd(): void {
    this.#end.recall()
    const sender = this.#sender
    if (sender?.end === 'none' && sender.highest > 0) this.#end.forget()
    if (sender) this.#acknowledgeEnd(sender)
  }

  /** A read that waits fails, or else the next one. */
  #failReading(error: unknown): void {
    const reader = this.#reader
    this.#reader = undefined
    this.#fault = reader ? undefined : { error }
    reader?.reject(error)
  }

  close(): void {
    this.#queue = []
    this.#tellEnd()
  }

  opened(channel: SecureChannel, peer: Bytes): void {
    const name = hex(peer)
    if (this.#sender?.name !== name) {
      // The process that sent these is gone, and its successor sends from its own checkpoint. What the flow has already stays with it.
      this.#queue = []
      this.#sender = { name, highest: 0, pending: new Map(), end: 'none' }
    }
    const session: Session = {
      channel,
      receivedBytes: 0,
      limitBytes: CREDIT_WINDOW_BYTES,
      lastSequence: 0,
      assembly: undefined,
      acknowledged: [],
    }
    this.#session = session
    this.#end.connected()
    channel.send(FrameType.credit, writeNumbers([session.limitBytes])).catch(() => undefined)
  }

  lost(channel: SecureChannel): void {
    if (this.#session?.channel !== channel) return
    this.#session = undefined
    this.#end.disconnected()
  }

  received(frame: Frame): void {
    const [session, sender] = [this.#session, this.#sender]
    if (!session || !sender) return
    if (frame.type === FrameType.close) {
      if (sender.end === 'acknowledged') this.#tellEnd()
    } else if (frame.type === FrameType.end) this.#takeEnd(session, sender, readNumbers(frame.payload, 1)[0])
    else if (frame.type === FrameType.batch) this.#takePart(session, sender, frame)
    else throw new ChannelBroken('a frame came that the receiving end does not take')
  }

  #takePart(session: Session, sender: Sender, frame: Frame): void {
    if ((frame.flags & FLAG_FIRST) !== 0) this.#begin(session, sender, frame.payload)
    else if (session.assembly) session.assembly.add(frame.payload)
    else throw new ChannelBroken('a batch came without its beginning')
    if ((frame.flags & FLAG_LAST) === 0) return
    const assembly = session.assembly
    session.assembly = undefined
    if (assembly) this.#take(session, sender, assembly, assembly.finish())
  }

  #begin(session: Session, sender: Sender, payload: Bytes): void {
    const { bytes, sequence } = Assembly.announced(payload)
    if (session.assembly) throw new ChannelBroken('a batch began before the last one was whole')
    if (sequence <= session.lastSequence) throw new ChannelBroken('a batch came out of order')
    // Checked before a byte is kept for it: a sender that ignores the credit costs no memory.
    if (session.receivedBytes + bytes > session.limitBytes) throw new ChannelBroken('the sender ignores the credit')
    if (sender.end !== 'none' && sequence > sender.highest) throw new ChannelBroken('a batch came after the end')
    session.lastSequence = sequence
    session.receivedBytes += bytes
    session.assembly = Assembly.begin(payload, sequence > sender.highest)
  }

  #take(session: Session, sender: Sender, { sequence, bytes }: Assembly, body: Bytes | undefined): void {
    const known = sender.pending.get(sequence)
    if (known) {
      known.session = session
      if (known.failed) this.#deliver({ ...known, failed: false })
    } else if (body === undefined) {
      // Acknowledged before, and the acknowledgement was lost.
      this.#release(session, bytes, sequence)
    } else {
      sender.highest = sequence
      this.#end.forget()
      this.#deliver({ sender, sequence, bytes, session, batch: readBatch(body), failed: false })
    }
  }

  #takeEnd(session: Session, sender: Sender, sequence: number): void {
    if (sequence <= session.lastSequence) throw new ChannelBroken('the end came out of order')
    session.lastSequence = sequence
    if (sender.end === 'acknowledged') this.#release(session, 0, sequence)
    else if (sender.end !== 'being kept') {
      sender.end = 'came'
      sender.highest = sequence
      this.#acknowledgeEnd(sender)
    }
  }

  #deliver(received: Received): void {
    received.sender.pending.set(received.sequence, received)
    const reader = this.#reader
    this.#reader = undefined
    if (reader) reader.resolve(this.#handOut(received))
    else this.#queue.push(received)
  }

  #handOut(received: Received): { batch: Batch; ack: Ack } {
    let answered = false
    return {
      batch: received.batch,
      ack: (outcome) => {
        if (answered) return
        answered = true
        if (outcome?.error) this.#fail(received)
        else this.#done(received)
      },
    }
  }

  /** The batch is durable behind us: the sender may forget it. */
  #done(received: Received): void {
    const { sender, sequence, bytes, session } = received
    sender.pending.delete(sequence)
    if (sender !== this.#sender) return
    if (session === this.#session) this.#release(session, bytes, sequence)
    else if (this.#session) this.#release(this.#session, 0, sequence)
    this.#acknowledgeEnd(sender)
  }

  /** Not acknowledged, and asked for again by a new session, unless the flow ends first. */
  #fail(received: Received): void {
    received.failed = true
    if (received.sender === this.#sender) this.#session?.channel.destroy()
  }

  /** The end counts as done when everything before it is, and when a receiver that is started after us would know it too. */
  #acknowledgeEnd(sender: Sender): void {
    if (sender.end !== 'came' || sender.pending.size > 0) return
    sender.end = 'being kept'
    this.#end.keep().then(
      () => this.#confirmEnd(sender),
      (error) => {
        sender.end = 'came'
        this.#failReading(error)
      },
    )
  }

  #confirmEnd(sender: Sender): void {
    if (sender !== this.#sender) {
      // His successor was faster, and may have sent already.
      if (this.#sender?.highest) this.#end.forget()
      return
    }
    sender.end = 'acknowledged'
    if (this.#session) this.#release(this.#session, 0, sender.highest)
    void doAfter(this.#clock, END_LINGER_MS, this.#over.signal, () => {
      if (this.#sender === sender) this.#tellEnd()
    })
  }

  #tellEnd(): void {
    this.#over.abort()
    this.#end.close()
    this.#ended = true
    this.#reader?.resolve('end')
    this.#reader = undefined
  }

  /** Gives the credit back and acknowledges; what is done in the same turn shares one frame. */
  #release(session: Session, bytes: number, sequence: number): void {
    session.limitBytes += bytes
    session.acknowledged.push(sequence)
    if (session.acknowledged.length > 1) return
    queueMicrotask(() => {
      const all = session.acknowledged.splice(0)
      for (let at = 0; at < all.length; at += ACKNOWLEDGED_MAX) {
        const numbers = writeNumbers([session.limitBytes, ...all.slice(at, at + ACKNOWLEDGED_MAX)])
        // If it is lost with its channel, the batch comes again and is acknowledged again.
        session.channel.send(FrameType.acknowledgement, numbers).catch(() => undefined)
      }
    })
  }
}

function readBatch(body: Bytes): Batch {
  try {
    return decodeBatch(body)
  } catch (cause) {
    throw new ChannelBroken('a batch does not have the form of one', { cause })
  }
}
