/** Refused records of one deployment: how many for which reason, one by one, and what can be done with them. */

import type { DangerProps } from '../../server/mod.ts'
import { Ago, Code, Count, Empty, Facts, type Failure, Notice, Rows, Table, type View } from '../../web/mod.ts'
import type { DeadLetterEntry, DeadLetterSelection } from '../../wire/mod.ts'
import type { DeadLetterPage } from '../dead-letters/dead-letter-journal.ts'
import type { ReasonCount } from '../dead-letters/letter-index.ts'

export type LetterFilterWords = { component?: string | undefined; code?: string | undefined }
export type DeadLettersProps = {
  deployment: string
  page: DeadLetterPage
  counts: readonly ReasonCount[]
  filter: LetterFilterWords
  nowMs: number
  mayAct: boolean
  mayInspect: boolean
  failure?: Failure | undefined
}

/** Its worker does not answer: the page, and what else is on it, must not wait for it. */
export function LettersOutOfReach(): View {
  return (
    <Notice kind="warn">
      Its worker does not answer just now; the refused records are there, and cannot be shown.
    </Notice>
  )
}

export function DeadLetters(props: DeadLettersProps): View {
  const { deployment, page, counts, failure } = props
  if (counts.length === 0) {
    return (
      <>
        {failure !== undefined && <Notice kind="bad">{failure.message}</Notice>}
        <Empty
          title="No refused records"
          teaches="A record that a component cannot take waits here, never lost, until you replay or drop it."
        />
      </>
    )
  }
  return (
    <>
      {failure !== undefined && <Notice kind="bad">{`${failure.message} ${failure.advice ?? ''}`}</Notice>}
      <Reasons {...props} />
      <Letters {...props} />
      {page.resume !== undefined && (
        <nav class="acts" aria-label="Pages of refused records">
          <a class="button quiet" href={pathOf(deployment, props.filter, { from: String(page.resume) })}>
            Later ones
          </a>
        </nav>
      )}
    </>
  )
}

function Reasons({ deployment, counts, page, mayAct }: DeadLettersProps): View {
  const through = page.next - 1
  return (
    <Table
      id="reasons"
      title="By reason"
      columns={[{ title: 'Reason' }, { title: 'Component' }, { title: 'Records', numeric: true }, { title: '' }]}
      rows={counts.map(({ component, code, count }) => ({
        cells: [
          <a href={pathOf(deployment, { component, code })}>
            <code>{code}</code>
          </a>,
          component,
          <Count value={count} />,
          mayAct ? <Acts {...{ deployment, component, code, through }} /> : '',
        ],
      }))}
    />
  )
}

type ActsProps = { deployment: string; component: string; code: string; through: number }

/** What is done is done to those that are there now: `through` is the last of them. */
function Acts({ deployment, component, code, through }: ActsProps): View {
  return (
    <div class="acts">
      <form method="post" action={`/deployments/${deployment}/dead-letters/replay`}>
        <input type="hidden" name="component" value={component} />
        <input type="hidden" name="code" value={code} />
        <input type="hidden" name="through" value={String(through)} />
        <button type="submit" class="button quiet">
          Replay all
        </button>
      </form>
      <a class="button quiet" href={pathOf(deployment, { component, code }, { through: String(through) }, '/drop')}>
        Drop all…
      </a>
    </div>
  )
}

const COLUMNS = ['Number', 'When', 'Component', 'From', 'Position', 'Why', '']

function Letters({ deployment, page, nowMs, mayAct, mayInspect }: DeadLettersProps): View {
  const rows = page.letters.map((letter) => ({
    id: `letter-${letter.number}`,
    cells: [
      mayInspect ? (
        <a href={`/deployments/${deployment}/dead-letters/${letter.number}`}>{String(letter.number)}</a>
      ) : (
        String(letter.number)
      ),
      <Ago at={letter.at} now={nowMs} />,
      letter.component,
      letter.partition,
      String(letter.position),
      <Why letter={letter} />,
      mayAct && letter.whole && !letter.replaying ? <Pick number={letter.number} /> : '',
    ],
  }))
  const table = <Rows title="Refused records" columns={COLUMNS.map((title) => ({ title }))} rows={rows} />
  if (!mayAct) return <section class="card">{table}</section>
  return (
    <form method="post" action={`/deployments/${deployment}/dead-letters/replay`}>
      <section class="card">
        {table}
        <div class="acts">
          <button type="submit" class="button quiet">
            Replay those ticked
          </button>
        </div>
      </section>
    </form>
  )
}

function Pick({ number }: { number: number }): View {
  return <input type="checkbox" name="numbers" value={String(number)} aria-label={`Choose record ${number}`} />
}

function Why({ letter }: { letter: DeadLetterEntry }): View {
  return (
    <span>
      <code>{letter.reason.code}</code> {letter.reason.item ?? ''}
      {letter.replaying && <b> goes through again</b>}
      {!letter.whole && <small> cut: it cannot be replayed</small>}
    </span>
  )
}

const decoder = new TextDecoder()
/** Characters of a record that its page shows. */
const SHOWN_MAX = 65_536

export type OneLetterProps = { deployment: string; letter: DeadLetterEntry; record: Uint8Array; nowMs: number }

/** One record with what it holds: its owner looks at it, and the audit trail knows. */
export function OneLetter({ deployment, letter, record, nowMs }: OneLetterProps): View {
  const text = decoder.decode(record.subarray(0, SHOWN_MAX))
  return (
    <>
      <div class="card">
        <Facts
          rows={[
            ['Component', letter.component],
            ['From', letter.partition],
            ['Position', String(letter.position)],
            ['Refused', <Ago at={letter.at} now={nowMs} />],
            ['Why', <Why letter={letter} />],
          ]}
        />
      </div>
      <Code name="Record" text={text} />
      {letter.whole && !letter.replaying && (
        <form method="post" action={`/deployments/${deployment}/dead-letters/replay`}>
          <input type="hidden" name="numbers" value={String(letter.number)} />
          <button type="submit" class="button">
            Replay
          </button>
        </form>
      )}
      <p>
        <a href={`/deployments/${deployment}/dead-letters/drop?numbers=${letter.number}`}>Drop this record…</a>
      </p>
    </>
  )
}

export type DropLettersProps = {
  deployment: string
  blueprint: string
  count: number
  selection: DeadLetterSelection
}

/** The form that drops them; what was chosen goes along. */
export function dropForm({ deployment, blueprint, count, selection }: DropLettersProps): DangerProps {
  const words = count === 1 ? 'one refused record' : `${count} refused records`
  const reason = selection.code ? ` with the reason ${selection.code}` : ''
  return {
    action: `/deployments/${deployment}/dead-letters/drop`,
    title: `Drop ${words}`,
    says: `What ${blueprint} refused${reason} will be gone for good: ${words}. Nothing can bring ${count === 1 ? 'it' : 'them'} back.`,
    name: blueprint,
    submit: 'Drop',
    hidden: Object.fromEntries(Object.entries(selection).map(([name, value]) => [name, [value].flat().map(String)])),
    cancel: { label: 'Keep', href: `/deployments/${deployment}/dead-letters` },
  }
}

function pathOf(
  deployment: string,
  filter: LetterFilterWords,
  more: Readonly<Record<string, string>> = {},
  below = '',
): string {
  const words = new URLSearchParams(more)
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) words.set(name, value)
  return `/deployments/${deployment}/dead-letters${below}?${words}`
}
