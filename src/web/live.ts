/** Server-sent events (WHATWG HTML §9.2): the parts of a page that changed, or entries as they come. */
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { type Clock, codeOf, describeError, type Log, logOf, pause } from '../base/mod.ts'
import { LiveStreamsExhausted } from './errors.ts'
import { LiveBoards, type Rendered } from './live-boards.ts'
import type { Regions } from './region.tsx'

/** 256 open pages × ~64 kB of last-sent HTML = 16 MiB at worst. */
export const LIVE_STREAMS_MAX = 256
/** Of one viewer: more windows than anybody looks at, and 16 people at their bound before others are refused. */
export const LIVE_STREAMS_OF_ONE_MAX = 16
/** Pages say "reconnecting" after 3 s without an event, so one goes out at least this often, even when nothing changed. */
export const LIVE_INTERVAL_MS = 1_000

/** `signal` ends all streams. `log` is told of pages that fail. */
export type LiveDeps = { clock: Clock; signal: AbortSignal; streamsMax?: number; ofOneMax?: number; log?: Log }
/** What one page's stream sends, and to whom. */
export type LivePage = {
  /** Called once an interval; what it returns is sent where it differs from what this page has. */
  regions: () => Regions | Promise<Regions>
  /** Tells viewers apart: so many streams for each. */
  viewer?: string
  /**
   * Names a page that looks the same to everyone who may see it: its regions are then made at most twice an interval, however many
   * look. Without it they are made for each viewer.
   */
  shared?: string
  /** Whether the viewer may still look: a session ends while its pages stay open. Asked before each event. */
  allowed?: (() => boolean | Promise<boolean>) | undefined
  intervalMs?: number
}

/** One event; a reader that comes back tells the `id` of its last one as `Last-Event-ID`. */
export type FeedEvent = { id: string; data: string }
/** What a stream of entries sends, and to whom. */
export type Feed = Pick<LivePage, 'viewer' | 'allowed' | 'intervalMs'> & {
  /** What came since the last call. It is called again at once while there is `more`, and else once an interval. */
  next: () => Promise<{ events: readonly FeedEvent[]; more: boolean }>
}

/** All live streams of a process. */
export interface LiveStreams {
  /** Answers with the stream of one page. Refuses `live.too_many`. A page that fails ends with `ended` and the code of its failure. */
  serve(c: Context, page: LivePage): Response
  /** Answers with entries as they come, each an event without a name. Refuses and ends as `serve` does. */
  follow(c: Context, feed: Feed): Response
  readonly open: number
}

/** Bounds and ends all live streams of a process: `signal` closes them at shutdown. */
export function liveStreams(deps: LiveDeps): LiveStreams {
  const { clock, signal, streamsMax = LIVE_STREAMS_MAX, ofOneMax = LIVE_STREAMS_OF_ONE_MAX, log = logOf('web') } = deps
  const boards = new LiveBoards(clock)
  let open = 0
  const byViewer = new Map<string, number>()
  const count = (viewer: string | undefined, more: 1 | -1): void => {
    open += more
    if (viewer === undefined) return
    const now = (byViewer.get(viewer) ?? 0) + more
    if (now === 0) byViewer.delete(viewer)
    else byViewer.set(viewer, now)
  }
  const answer = (c: Context, viewer: string | undefined, sending: Sending): Response => {
    if (open >= streamsMax) throw new LiveStreamsExhausted(`${streamsMax} live pages are open already`)
    if (viewer !== undefined && (byViewer.get(viewer) ?? 0) >= ofOneMax) {
      throw new LiveStreamsExhausted(`${ofOneMax} live pages of this viewer are open already`)
    }
    count(viewer, 1)
    // Proxies that buffer would hold events back.
    c.header('X-Accel-Buffering', 'no')
    return streamSSE(c, async (stream) => {
      const left = new AbortController()
      stream.onAbort(() => left.abort())
      const either = AbortSignal.any([signal, left.signal])
      try {
        await send(sending, { stream, clock, signal: either })
      } catch (error) {
        if (either.aborted) return
        // The answer has long begun, so nothing behind this could tell the viewer or the log.
        log.error('a live page failed', { code: codeOf(error), error: describeError(error) })
        await stream.writeSSE({ event: 'ended', data: codeOf(error) })
      } finally {
        count(viewer, -1)
        sending.leave?.()
      }
    })
  }
  return {
    get open() {
      return open
    },
    serve(c, { viewer, allowed, shared, regions, intervalMs = LIVE_INTERVAL_MS }) {
      let board: ReturnType<LiveBoards['look']> | undefined
      const sent = new Map<string, string>()
      return answer(c, viewer, {
        ...{ allowed, intervalMs },
        async next(stream) {
          board ??= boards.look(shared, regions, intervalMs / 2)
          const data = JSON.stringify(changedSince(sent, await board.now()))
          await stream.writeSSE({ event: 'regions', data })
          return false
        },
        leave: () => board?.leave(),
      })
    },
    follow(c, { viewer, allowed, next, intervalMs = LIVE_INTERVAL_MS }) {
      return answer(c, viewer, {
        ...{ allowed, intervalMs },
        async next(stream) {
          const { events, more } = await next()
          for (const event of events) await stream.writeSSE(event)
          // So that nothing between here and there takes the stream for dead.
          if (events.length === 0) await stream.write(':\n\n')
          return more
        },
      })
    },
  }
}

type Sending = Required<Pick<LivePage, 'intervalMs'>> &
  Pick<LivePage, 'allowed'> & {
    /** Writes what there is; true: there is more at once. */
    next: (stream: SSEStreamingApi) => Promise<boolean>
    leave?: () => void
  }

/** A reader that is slower than the interval holds up writing, so it gets fewer events, each with the newest state. */
async function send(
  { allowed, next, intervalMs }: Sending,
  { stream, clock, signal }: { stream: SSEStreamingApi; clock: Clock; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    if ((await allowed?.()) === false) return stream.writeSSE({ event: 'ended', data: '' })
    if (await next(stream)) continue
    if (!(await pause(clock, intervalMs, signal))) return
  }
}

function changedSince(sent: Map<string, string>, regions: Rendered): Record<string, string> {
  const changed: Record<string, string> = {}
  for (const [id, html] of Object.entries(regions)) {
    if (sent.get(id) === html) continue
    sent.set(id, html)
    changed[id] = html
  }
  return changed
}
