/** An exchange: one purpose, its question and its answer, each with a schema and a JWS type of its own. */
import type * as v from 'valibot'

/** How long a receiver remembers its answer to a message id, unless the exchange says otherwise: 10 tries of one minute's life. */
const ANSWER_KEPT_MS = 600_000

export type Exchange<
  Payload extends v.GenericSchema = v.GenericSchema,
  Answer extends v.GenericSchema = v.GenericSchema,
> = {
  readonly typ: string
  readonly payload: Payload
  readonly answer: Answer
  /** How long the same id still gets the same answer, milliseconds. More than a message's lifetime. */
  readonly answerKeptMs: number
}

/** The parsed question of an exchange. */
export type PayloadOf<E extends Exchange> = v.InferOutput<E['payload']>
/** The parsed answer of an exchange. */
export type AnswerOf<E extends Exchange> = v.InferOutput<E['answer']>

/** Joins a question's schema to its answer's. Requests get the JWS typ `<typ>+sluice`, answers `<typ>-answer+sluice`. */
export function defineExchange<Payload extends v.GenericSchema, Answer extends v.GenericSchema>(definition: {
  typ: string
  payload: Payload
  answer: Answer
  answerKeptMs?: number
}): Exchange<Payload, Answer> {
  return { answerKeptMs: ANSWER_KEPT_MS, ...definition }
}

/** The JWS typ of an exchange's question. */
export function requestTyp(exchange: Exchange): string {
  return `${exchange.typ}+sluice`
}

/** The JWS typ of an exchange's answer. */
export function answerTyp(exchange: Exchange): string {
  return `${exchange.typ}-answer+sluice`
}
