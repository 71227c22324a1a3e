/** The side that is asked: one way in for every signed message, one same refusal, and one effect for each message id. */
import type { Bytes, Clock, Random } from '../base/mod.ts'
import { base64url } from '../base/mod.ts'
import { digestOf, openRequest, readPayload, type Self, type VerifyKeyOf, writeMessage } from './envelope.ts'
import { C2Refused } from './errors.ts'
import { type AnswerOf, answerTyp, type Exchange, type PayloadOf, requestTyp } from './exchange.ts'
import type { RequestHeader } from './header.ts'
import type { AnswerMemory, NonceMemory } from './memories.ts'

/** What a handler is told of the message beside its payload; all of it was signed. */
export type Received = { from: string; kid: string; id: string; incarnation: string; seq: number; sentAtMs: number }

/** An exchange and what answers it; made by `handle`. */
export type Handler = { exchange: Exchange; answer: (payload: unknown, received: Received) => Promise<unknown> }

/** Says what answers an exchange. It is called once for each message id; a crash before the answer is kept lets it be called again. */
export function handle<E extends Exchange>(
  exchange: E,
  answer: (payload: PayloadOf<E>, received: Received) => Promise<AnswerOf<E>>,
): Handler {
  return { exchange, answer: (payload, received) => answer(payload as PayloadOf<E>, received) }
}

/** What a door takes: who is asked, who may ask, what it remembers, and its handlers. */
export type DoorDeps = {
  self: Self
  verifyKeyOf: VerifyKeyOf
  nonces: NonceMemory
  answers: AnswerMemory
  clock: Clock
  random: Random
  /** Drawn at the start of this process: 128 bits, base64url. */
  incarnation: string
  /** When this process started, milliseconds: its memory of nonces is empty, so nothing signed before is taken. */
  startedAtMs: number
  handlers: Handler[]
}

/** The way in for signed messages. */
export type Door = {
  /**
   * Takes one compact JWS and gives the signed answer. Throws `c2.refused` for everything that is not a fresh, known, well-formed
   * message to this party; answer all of those alike. What a handler throws comes through as it is.
   */
  receive(token: string): Promise<string>
}

/** Makes the receiving side of C2. */
export function createDoor(deps: DoorDeps): Door {
  const handlers = new Map(deps.handlers.map((handler) => [requestTyp(handler.exchange), handler]))
  const reading = { ...deps, self: deps.self.id, typs: new Set(handlers.keys()), notBeforeMs: deps.startedAtMs }
  const underWay = new Map<string, Promise<unknown>>()

  return {
    async receive(token) {
      const { header, payload } = await openRequest(reading, token)
      const handler = handlers.get(header.typ)
      if (!handler) throw new C2Refused('type')
      const parsed = readPayload(handler.exchange.payload, payload)
      const answer = await inTurn(underWay, `${header.from} ${header.id}`, () =>
        answerOnce(deps, handler, header, { bytes: payload, parsed }),
      )
      const re = { id: header.id, digest: await digestOf(token) }
      const address = { typ: answerTyp(handler.exchange), to: header.from, seq: header.seq, re }
      return writeMessage(deps, address, answer)
    },
  }
}

async function answerOnce(
  deps: DoorDeps,
  handler: Handler,
  header: RequestHeader,
  payload: { bytes: Bytes; parsed: unknown },
): Promise<unknown> {
  // Type and payload, but not nonce and times: a second attempt at the same message has the same digest.
  const digest = await digestOf(`${header.typ}\n${base64url(payload.bytes)}`)
  const known = await deps.answers.find(header.from, header.id)
  if (known && known.digest !== digest) throw new C2Refused('id_reused')
  if (known) return known.answer
  const { from, kid, id, inc: incarnation, seq, iat: sentAtMs } = header
  const answer = await handler.answer(payload.parsed, { from, kid, id, incarnation, seq, sentAtMs })
  await deps.answers.keep(from, id, digest, answer, deps.clock.now() + handler.exchange.answerKeptMs)
  return answer
}

/** Two attempts at one message may arrive together: the second waits, then finds the answer of the first. */
async function inTurn<T>(underWay: Map<string, Promise<unknown>>, key: string, work: () => Promise<T>): Promise<T> {
  const before = underWay.get(key)
  const mine = (before ? before.catch(() => undefined) : Promise.resolve()).then(work)
  underWay.set(key, mine)
  try {
    return await mine
  } finally {
    if (underWay.get(key) === mine) underWay.delete(key)
  }
}
