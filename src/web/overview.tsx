/** Parts of overview pages: what needs a person first, then figures, and what an empty page teaches. */
import type { Child } from 'hono/jsx'
import { CopyButton } from './figures.tsx'
import { Icon } from './icon.tsx'
import { State, type StateWord } from './state.tsx'
import type { View } from './view.ts'

/** One thing that waits for a person: what happened, since when and what it affects, and the way to the cure. */
export type Need = {
  state: StateWord
  /** In place of the state's usual word. */
  word?: string | undefined
  what: Child
  effect: Child
  action: { label: string; href: string; main?: boolean }
}

/** What needs a person, most urgent first; when nothing does, one calm line (`well`). */
export function Needs(props: { needs: readonly Need[]; well: string }): View {
  if (props.needs.length === 0) {
    return (
      <section class="card well" aria-label="Needs you">
        <Icon name="check" /> {props.well}
      </section>
    )
  }
  return (
    <section class="card needs" aria-label="Needs you">
      <ul>
        {props.needs.map((need) => (
          <li>
            <State state={need.state} word={need.word} />
            <div>
              {need.what}
              <small>{need.effect}</small>
            </div>
            <a class={need.action.main ? 'button' : 'button quiet'} href={need.action.href}>
              {need.action.label}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** A figure with its meaning and one line of context; `trend` draws the values before it, oldest first. */
export type Tile = { label: string; value: Child; context?: Child; trend?: readonly number[] }

/** Up to four figures in a row, two in a row on a phone. */
export function Tiles(props: { label: string; tiles: readonly Tile[] }): View {
  return (
    <section class="tiles" aria-label={props.label}>
      {props.tiles.map((tile) => (
        <div class="card tile">
          <span>{tile.label}</span>
          <b>{tile.value}</b>
          <small>{tile.context}</small>
          {tile.trend !== undefined && tile.trend.length > 1 && <Trend values={tile.trend} />}
        </div>
      ))}
    </section>
  )
}

/** A page without rows yet: one sentence on what this is, the command or button that makes the first, the guide. */
export type EmptyProps = {
  title: string
  teaches: Child
  command?: string
  /** Ways to the first; the main one stands first. */
  actions?: readonly { label: string; href: string }[]
  guide?: { label: string; href: string }
}

/** What a page shows while there is nothing to list: what would be here, and how to get the first. */
export function Empty(props: EmptyProps): View {
  return (
    <section class="card empty">
      <h2>{props.title}</h2>
      <p>{props.teaches}</p>
      {props.command !== undefined && (
        <div class="command">
          <code>{props.command}</code>
          <CopyButton text={props.command} label="Copy the command" small />
        </div>
      )}
      {props.actions !== undefined && (
        <div class="acts">
          {props.actions.map(({ label, href }, i) => (
            <a class={i === 0 ? 'button' : 'button quiet'} href={href}>
              {label}
            </a>
          ))}
        </div>
      )}
      {props.guide !== undefined && (
        <a class="guide" href={props.guide.href}>
          {props.guide.label}
        </a>
      )}
    </section>
  )
}

/** A line without axes: it shows the shape of the last values, the number above it says the rest. */
function Trend(props: { values: readonly number[] }): View {
  const highest = Math.max(...props.values, 1)
  const step = 120 / (props.values.length - 1)
  const points = props.values.map((value, i) => `${(i * step).toFixed(1)} ${(32 - (30 * value) / highest).toFixed(1)}`)
  return (
    <svg viewBox="0 0 120 34" preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={`M0 34L${points.join('L')}L120 34z`} />
      <path class="line" d={`M${points.join('L')}`} />
    </svg>
  )
}
