/** The side that asks: signs a question, posts it by whatever way it was given, and takes only the answer to exactly that. */
import { type Clock, newId, type Random, retry } from '../base/mod.ts'
import { digestOf, openAnswer, readPayload, type Self, writeMessage } from './envelope.ts'
import { C2AnswerRefused, C2Refused } from './errors.ts'
import { type AnswerOf, answerTyp, type Exchange, type PayloadOf, requestTyp } from './exchange.ts'
import { MESSAGE_LIFETIME_MS } from './limits.ts'

/** Wait before the second attempt and the longest wait, milliseconds. */
const REPOST = { firstMs: 500, longestMs: 5_000 }

/** What asking takes: who asks whom, how the answer is judged, and the way there. */
export type CallerDeps = {
  self: Self
  /** Id of the party that is asked. */
  to: string
  /** Its signing key by thumbprint; `undefined` for a key that is not its. */
  verifyKeyOf: (kid: string) => Promise<CryptoKey | undefined>
  /** Carries a token there and brings the answer's token back. */
  post: (token: string, signal?: AbortSignal) => Promise<string>
  /** Drawn at the start of this process: 128 bits, base64url. */
  incarnation: string
  /** Told after each answer how far the other's clock is ahead of ours, in milliseconds; negative: behind. As good as the way is quick. */
  onClock?: (offsetMs: number) => void
  clock: Clock
  random: Random
}

/** How one call is made; everything may be left out. */
type CallOptions = {
  /** The message's id (`msg_…`). Give the same one to ask again what may have been answered already. */
  id?: string
  /** Sequence number; by default counted up by this caller. */
  seq?: number
  /** Attempts after a failed post or a refused answer, all under one id. Default 1. */
  attemptsMax?: number
  signal?: AbortSignal
}

/** Asks one party. */
export type Caller = {
  /** Asks and gives the parsed answer. Throws what `post` throws, or `c2.answer_refused` when what came back is not the answer. */
  call<E extends Exchange>(exchange: E, payload: PayloadOf<E>, options?: CallOptions): Promise<AnswerOf<E>>
}

/** Makes the asking side of C2. Each attempt has a fresh nonce and fresh times; id and payload stay, so the receiver acts once. */
export function createCaller(deps: CallerDeps): Caller {
  let sequence = 0
  return {
    call(exchange, payload, options = {}) {
      const id = options.id ?? newId('msg', deps.clock, deps.random)
      const seq = options.seq ?? sequence++
      const attempt = () => ask(deps, exchange, payload, { id, seq, signal: options.signal })
      const { clock, random } = deps
      return retry(attempt, {
        ...REPOST,
        attemptsMax: options.attemptsMax ?? 1,
        clock,
        random,
        ...(options.signal && { signal: options.signal }),
      })
    },
  }
}

async function ask<E extends Exchange>(
  deps: CallerDeps,
  exchange: E,
  payload: PayloadOf<E>,
  about: { id: string; seq: number; signal: AbortSignal | undefined },
): Promise<AnswerOf<E>> {
  const address = { typ: requestTyp(exchange), to: deps.to, id: about.id, seq: about.seq }
  const token = await writeMessage(deps, address, payload)
  const askedMs = deps.clock.now()
  const answer = await deps.post(token, about.signal)
  try {
    const heardMs = deps.clock.now()
    const { issuedAtMs, payload: parsed } = await readAnswer(deps, exchange, { id: about.id, token }, answer)
    deps.onClock?.(issuedAtMs - (askedMs + heardMs) / 2)
    return parsed
  } catch (error) {
    if (error instanceof C2Refused) throw new C2AnswerRefused(error.reason, { cause: error })
    throw error
  }
}

async function readAnswer<E extends Exchange>(
  deps: CallerDeps,
  exchange: E,
  asked: { id: string; token: string },
  answer: string,
): Promise<{ issuedAtMs: number; payload: AnswerOf<E> }> {
  const reading = {
    self: deps.self.id,
    typs: new Set([answerTyp(exchange)]),
    verifyKeyOf: async (from: string, kid: string) => (from === deps.to ? deps.verifyKeyOf(kid) : undefined),
    // No nonce memory: `re` holds the digest of our token, whose own nonce is fresh, so no other answer fits.
    nonces: undefined,
    clock: deps.clock,
    notBeforeMs: deps.clock.now() - MESSAGE_LIFETIME_MS,
  }
  const { header, payload } = await openAnswer(reading, answer)
  if (header.re.id !== asked.id || header.re.digest !== (await digestOf(asked.token)))
    throw new C2Refused('answers_another')
  return { issuedAtMs: header.iat, payload: readPayload(exchange.answer, payload) }
}
