/** The state of anything: a shape and a word, never colour alone. The one place that decides which. */
import { nounFor } from '../base/mod.ts'
import { formatCount } from './format.ts'
import type { View } from './view.ts'

/** Every state that a page shows: those of deployments and components (wire), of bridges, and `late`, which only time makes. */
export type StateWord =
  | 'received'
  | 'awaiting-approval'
  | 'preparing'
  | 'running'
  | 'draining'
  | 'late'
  | 'stopped'
  | 'failed'
  | 'refused'
  | 'connecting'
  | 'up'
  | 'down'
  | 'closed'

/** The six looks; each state word wears one of them. */
export type StateLook = 'running' | 'draining' | 'late' | 'stopped' | 'failed' | 'awaiting'

const LOOKS: Record<StateWord, StateLook> = {
  received: 'draining',
  'awaiting-approval': 'awaiting',
  preparing: 'draining',
  running: 'running',
  draining: 'draining',
  late: 'late',
  stopped: 'stopped',
  failed: 'failed',
  refused: 'failed',
  connecting: 'draining',
  up: 'running',
  down: 'late',
  closed: 'stopped',
}

/** ● ◐ ▲ ■ ✕ ◆ as paths in a square of 12, since fonts lack them or draw them at odd sizes. */
const SHAPES: Record<StateLook, string> = {
  running: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z',
  draining: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1zM6 2.6v6.8a3.4 3.4 0 0 1 0-6.8z',
  late: 'M6 .8L11.7 11H.3z',
  stopped: 'M1.5 1.5h9v9h-9z',
  failed: 'M2.8 1.2L6 4.4l3.2-3.2 1.6 1.6L7.6 6l3.2 3.2-1.6 1.6L6 7.6l-3.2 3.2-1.6-1.6L4.4 6 1.2 2.8z',
  awaiting: 'M6 .4L11.6 6 6 11.6.4 6z',
}

/** Which of the six looks a state wears; also the CSS class of what shows it by its outline. */
export function lookOf(state: StateWord): StateLook {
  return LOOKS[state]
}

/** Why something is as it is: a stable code (wire's `Reason`). */
type Why = readonly { code: string }[]

/** What a flow had moved when it came to its end. `sinks`: how many took records, so that one that two took is not read as two. */
export type Finished = { records: number; sinks?: number | undefined; refused?: number | undefined }

/**
 * The word as people read it. What stopped says by itself how: its sources came to their end, with so many records, or its owner
 * stopped it.
 */
export function wordOf(state: string, why: Why = [], finished?: Finished): string {
  if (state === 'awaiting-approval') return 'awaiting approval'
  const known = (code: string): boolean => state === 'stopped' && why.some((reason) => reason.code === code)
  if (known('owner.stopped')) return 'stopped by owner'
  if (!known('flow.ended')) return state
  return ['finished', ...(finished ? movedBy(finished) : [])].join(', ')
}

function movedBy({ records, sinks = 0, refused = 0 }: Finished): string[] {
  const moved = sinks > 1 ? `delivered to ${sinks} sinks` : nounFor(records, 'record')
  return [`${formatCount(records)} ${moved}`, ...(refused > 0 ? [`${formatCount(refused)} refused`] : [])]
}

/** A component's state as people read it: one that stopped by itself, in a deployment that nobody stopped, has come to its end. */
export function componentWordOf(component: string, of: { state: string; reasons: Why }): string {
  const isEnd = component === 'stopped' && (of.state === 'running' || wordOf(of.state, of.reasons) === 'finished')
  return isEnd ? 'finished' : wordOf(component)
}

/** Reasons that `wordOf` has not said already. */
export function unsaid<Reason extends { code: string }>(state: string, why: readonly Reason[]): Reason[] {
  return why.filter(({ code }) => wordOf(state, [{ code }]) === wordOf(state))
}

/** The path of a state's shape in a square of 12, for pictures that place it themselves. */
export function shapeOf(state: StateWord): string {
  return SHAPES[LOOKS[state]]
}

/** Shape and word; `why` lets it say how something stopped, `finished` with what it moved. `word` replaces the usual word. */
export function State(props: {
  state: StateWord
  why?: Why
  finished?: Finished | undefined
  word?: string | undefined
}): View {
  return (
    <span class={`state ${lookOf(props.state)}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path fill-rule="evenodd" d={shapeOf(props.state)} />
      </svg>
      {props.word ?? wordOf(props.state, props.why, props.finished)}
    </span>
  )
}
