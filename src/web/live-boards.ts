/** What live pages show, made once for all who look at the same page at the same time. */
import type { Clock } from '../base/mod.ts'
import type { Regions } from './region.tsx'
import { renderPart } from './view.ts'

/** Region id → HTML. */
export type Rendered = Readonly<Record<string, string>>
type Make = () => Regions | Promise<Regions>
type Board = { viewers: number; atMs: number; shown: Promise<Rendered> | undefined }

/** One board for each page that somebody looks at. */
export class LiveBoards {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #boards = new Map<string, Board>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** A viewer's way to look, and to leave. What was made less than `freshMs` ago for a viewer of the same `key` is shown again. */
  look(key: string | undefined, make: Make, freshMs: number): { now: () => Promise<Rendered>; leave: () => void } {
    if (key === undefined) return { now: () => render(make), leave: () => undefined }
    const board = this.#boards.get(key) ?? { viewers: 0, atMs: 0, shown: undefined }
    this.#boards.set(key, board)
    board.viewers++
    return {
      now: () => {
        const nowMs = this.#clock.monotonic()
        if (board.shown && nowMs - board.atMs < freshMs) return board.shown
        board.atMs = nowMs
        board.shown = render(make)
        return board.shown
      },
      leave: () => {
        if (--board.viewers === 0) this.#boards.delete(key)
      },
    }
  }
}

async function render(make: Make): Promise<Rendered> {
  const rendered: Record<string, string> = {}
  for (const [id, view] of Object.entries(await make())) rendered[id] = await renderPart(view)
  return rendered
}
