/**
 * Questions and answers over the channel between a main process and a worker. Both ends parse all that comes, and an end that is
 * closed fails what it still waits for.
 */
import type { Socket } from 'node:net'
import * as v from 'valibot'
import { AppError, type Clock, codeOf, type ErrorKind } from '../base/mod.ts'
import { ChannelBroken, RemoteFailure, WorkerGone, WorkerSilent } from './errors.ts'
import { type AskTable, ChannelFrame } from './worker.ts'

/** Questions that one end may leave open: a source's checkpoints and a bridge's handshakes are a few each. */
const ASKS_OPEN_MAX = 4_096

/** The body of a question of a table. */
export type AskOf<Table extends AskTable, What extends keyof Table> = v.InferOutput<Table[What]['ask']>
/** The body of its answer. */
export type ReplyOf<Table extends AskTable, What extends keyof Table> = v.InferOutput<Table[What]['reply']>
/** Who answers each question of a table. */
export type Answers<Table extends AskTable> = {
  [What in keyof Table]: (ask: AskOf<Table, What>) => Promise<ReplyOf<Table, What>>
}

export type ChannelOptions<Asks extends AskTable, Answered extends AskTable, News extends v.GenericSchema> = {
  send: (frame: ChannelFrame, socket?: Socket) => Promise<void>
  /** What this end asks. */
  asks: Asks
  /** What the other end asks, and who answers. */
  answered: Answered
  answers: Answers<Answered>
  /** What the other end tells. */
  news: News
  onNews: (news: v.InferOutput<News>, socket?: Socket) => void
  /** How long each question may stay open, milliseconds; default: until the other end is gone. */
  deadline?: { clock: Clock; ms: Readonly<Record<keyof Asks & string, number>> }
  /** The other end sent what is no message, or cannot be reached. */
  onBroken: (error: unknown) => void
}

/** One end of a channel, which asks questions of that table. */
export type Channel<Asks extends AskTable> = {
  /** Takes what the transport brought. */
  receive(message: unknown, socket?: Socket): void
  /** Asks and waits; rejects with the other end's failure under its own code, `worker.gone`, or `worker.silent`. */
  ask<What extends keyof Asks & string>(what: What, body: AskOf<Asks, What>): Promise<ReplyOf<Asks, What>>
  tell(news: unknown, socket?: Socket): Promise<void>
  /** Fails what is open; nothing is asked after that. */
  close(): void
}

type Open = { resolve: (body: unknown) => void; reject: (error: Error) => void }

/** Makes one end of a channel; what the transport brings is handed to its `receive`. */
export function createChannel<Asks extends AskTable, Answered extends AskTable, News extends v.GenericSchema>(
  options: ChannelOptions<Asks, Answered, News>,
): Channel<Asks> {
  const open = new Map<number, Open>()
  let closed = false
  let lastId = 0

  function send(frame: ChannelFrame): void {
    options.send(frame).catch(options.onBroken)
  }

  async function answer(id: number, what: string, body: unknown): Promise<void> {
    try {
      send({ frame: 'reply', re: id, body: await answerTo(options, what, body) })
    } catch (error) {
      send({ frame: 'failure', re: id, code: codeOf(error), kind: kindOf(error), ...wordsOf(error) })
    }
  }

  function settle(re: number, how: (waiting: Open) => void): void {
    const waiting = open.get(re)
    open.delete(re)
    if (waiting) how(waiting)
  }

  /** An answer that comes after its time finds nobody, and does no harm. */
  async function inTime<T>(what: keyof Asks & string, id: number, replied: Promise<T>): Promise<T> {
    if (!options.deadline) return replied
    const { clock, ms } = options.deadline
    const answered = new AbortController()
    const late = new WorkerSilent(`the other end of the channel did not answer ${what} within ${ms[what]} ms`)
    clock.sleep(ms[what], answered.signal).then(
      () => settle(id, ({ reject }) => reject(late)),
      () => undefined,
    )
    return replied.finally(() => answered.abort())
  }

  return {
    receive(message, socket) {
      const parsed = v.safeParse(ChannelFrame, message)
      if (!parsed.success) return options.onBroken(new ChannelBroken('a frame of the channel does not parse'))
      const frame = parsed.output
      switch (frame.frame) {
        case 'ask':
          return void answer(frame.id, frame.what, frame.body)
        case 'reply':
          return settle(frame.re, ({ resolve }) => resolve(frame.body))
        case 'failure':
          return settle(frame.re, ({ reject }) =>
            reject(new RemoteFailure(frame.code, frame.kind as ErrorKind, frame.message, frame.advice)),
          )
        case 'news': {
          const news = v.safeParse(options.news, frame.body)
          if (!news.success) return options.onBroken(new ChannelBroken('news of the channel do not parse'))
          return options.onNews(news.output, socket)
        }
      }
    },
    async ask(what, body) {
      if (closed || open.size >= ASKS_OPEN_MAX) throw new WorkerGone('the other end of the channel is gone')
      const id = ++lastId
      const replied = new Promise<unknown>((resolve, reject) => open.set(id, { resolve, reject }))
      send({ frame: 'ask', id, what, body })
      const reply = v.safeParse(options.asks[what]?.reply ?? v.never(), await inTime(what, id, replied))
      if (!reply.success) throw new ChannelBroken(`the reply to ${what} does not parse`)
      return reply.output
    },
    tell: (news, socket) => options.send({ frame: 'news', body: news }, socket),
    close() {
      closed = true
      for (const { reject } of open.values()) reject(new WorkerGone('the other end of the channel is gone'))
      open.clear()
    },
  }
}

async function answerTo<Asks extends AskTable, Answered extends AskTable, News extends v.GenericSchema>(
  options: ChannelOptions<Asks, Answered, News>,
  what: string,
  body: unknown,
): Promise<unknown> {
  const table = Object.hasOwn(options.answered, what) ? options.answered[what] : undefined
  const asked = v.safeParse(table?.ask ?? v.never(), body)
  if (!asked.success) throw new ChannelBroken(`the question ${what} does not parse`)
  return options.answers[what]?.(asked.output as never)
}

function kindOf(error: unknown): ErrorKind {
  return error instanceof AppError ? error.kind : 'internal'
}

/** Only our own messages cross: those of drivers may quote what they were given. */
function wordsOf(error: unknown): { message: string; advice?: string } {
  if (!(error instanceof AppError)) return { message: 'an unexpected failure' }
  return { message: error.message, ...(error.advice !== undefined && { advice: error.advice }) }
}
