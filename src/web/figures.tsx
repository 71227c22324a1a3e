/** Figures inside a text: short to read, exact on hover, ids with a button to copy. */
import { rfc3339 } from '../base/mod.ts'
import { formatAgo, formatBytes, formatCount, formatInstant, formatRate, grouped, shortId } from './format.ts'
import { Icon } from './icon.tsx'
import type { View } from './view.ts'

/** A time, relative; the absolute one with its zone on hover, and in `datetime` for programs. Milliseconds since 1970. */
export function Ago(props: { at: number; now: number }): View {
  return (
    <time datetime={rfc3339(props.at)} title={formatInstant(props.at)}>
      {formatAgo(props.at, props.now)}
    </time>
  )
}

/** A count of records; exact on hover. */
export function Count(props: { value: number }): View {
  return <span title={grouped(props.value)}>{formatCount(props.value)}</span>
}

/** A number of bytes; exact on hover. */
export function ByteCount(props: { value: number }): View {
  return <span title={`${grouped(props.value)} bytes`}>{formatBytes(props.value)}</span>
}

/** Records a second; `undefined` is a dash. */
export function Rate(props: { perSecond: number | undefined }): View {
  return <span>{props.perSecond === undefined ? '–' : formatRate(props.perSecond)}</span>
}

/** An id, shortened, with a button that copies the whole of it. */
export function Id(props: { value: string; label?: string }): View {
  return (
    <span class="id">
      <code title={props.value}>{shortId(props.value)}</code>
      <CopyButton text={props.value} label={`Copy ${props.label ?? 'id'}`} small />
    </span>
  )
}

/** Copies a text. Hidden where scripts do not run, since it could do nothing there. */
export function CopyButton(props: { text: string; label: string; small?: boolean }): View {
  return (
    <button
      type="button"
      class={props.small ? 'copy small' : 'copy button quiet'}
      data-copy={props.text}
      aria-label={props.label}
      title={props.label}
    >
      <Icon name="copy" />
      {!props.small && <span>Copy</span>}
    </button>
  )
}
