/** Texts to read with care: facts in pairs, notices, code with its lines numbered, and what changed between two versions. */

import type { Child } from 'hono/jsx'
import { nounFor } from '../base/mod.ts'
import { Icon, type IconName } from './icon.tsx'
import { type DiffLine, diffLines, type Gap } from './line-diff.ts'
import type { View } from './view.ts'

/** Terms and what they are, one below the other. */
export function Facts(props: { rows: readonly (readonly [term: string, value: Child])[] }): View {
  return (
    <dl class="facts">
      {props.rows.map(([term, value]) => (
        <>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  )
}

export type NoticeKind = 'ok' | 'warn' | 'bad'

const NOTICES: Record<NoticeKind, { icon: IconName; word: string }> = {
  ok: { icon: 'check', word: 'Done' },
  warn: { icon: 'warn', word: 'Careful' },
  bad: { icon: 'wrong', word: 'Wrong' },
}

/** A sentence above everything else: something was done, needs care, or is wrong. By shape and word, never colour alone. */
export function Notice(props: { kind: NoticeKind; children?: Child }): View {
  const { icon, word } = NOTICES[props.kind]
  return (
    <div class={`notice ${props.kind}`} role={props.kind === 'ok' ? 'status' : 'alert'}>
      <Icon name={icon} />
      <div>
        <b class="unseen">{word}: </b>
        {props.children}
      </div>
    </div>
  )
}

/** Lines that a page shows of one text; 5,000 × ~120 B = 600 kB. */
export const CODE_LINES_MAX = 5_000

/** Text with its lines numbered, as it is. `name` says whose: the path of a script. */
export function Code(props: { text: string; name?: string }): View {
  const lines = props.text.replace(/\r?\n$/, '').split(/\r?\n/)
  return (
    <figure class="code card">
      {props.name !== undefined && <figcaption>{props.name}</figcaption>}
      <section class="scroll" tabindex={0} aria-label={props.name ?? 'Code'}>
        <pre>
          {lines.slice(0, CODE_LINES_MAX).map((line) => (
            <span class="line">{`${line}\n`}</span>
          ))}
        </pre>
      </section>
      {lines.length > CODE_LINES_MAX && <p class="nothing">{`… and ${lines.length - CODE_LINES_MAX} more lines`}</p>}
    </figure>
  )
}

/** What changed from `before` to `after`, by lines: each added or removed one has its sign and a word, with three lines around. */
export function Diff(props: { before: string; after: string; name?: string }): View {
  const { lines, added, removed } = diffLines(props.before, props.after)
  return (
    <figure class="code diff card">
      <figcaption>
        {props.name !== undefined && <b>{props.name}</b>}
        <span>
          {added + removed === 0 ? 'nothing changed' : `${counted(added)} added, ${counted(removed)} removed`}
        </span>
      </figcaption>
      {lines.length > 0 && (
        <section class="scroll" tabindex={0} aria-label={props.name ?? 'Changes'}>
          <pre>{lines.map((line) => ('skipped' in line ? <Skipped gap={line} /> : <Changed line={line} />))}</pre>
        </section>
      )}
    </figure>
  )
}

const SIGNS = { added: '+', removed: '−', same: ' ' } as const

function Changed({ line }: { line: DiffLine }): View {
  const text = (
    <>
      <i aria-hidden="true">{String(line.number).padStart(4)}</i>
      <i aria-hidden="true">{SIGNS[line.kind]}</i>
      {line.kind !== 'same' && <span class="unseen">{`${line.kind}: `}</span>}
      {`${line.text}\n`}
    </>
  )
  if (line.kind === 'same') return <span>{text}</span>
  return line.kind === 'added' ? <ins>{text}</ins> : <del>{text}</del>
}

function Skipped({ gap }: { gap: Gap }): View {
  return <span class="skipped">{`     … ${gap.skipped} unchanged ${nounFor(gap.skipped, 'line')}\n`}</span>
}

function counted(lines: number): string {
  return `${lines} ${nounFor(lines, 'line')}`
}
