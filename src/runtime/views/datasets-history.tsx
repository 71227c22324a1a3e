/** What a record was before, and the form that says whether that is kept. */
import type { FailedForm } from '../../server/mod.ts'
import { Ago, Form, Icon, Notice, Table, type View } from '../../web/mod.ts'
import type { RecordChange, RecordChanges } from '../../wire/mod.ts'

const VALUE_LENGTH_MAX = 200

/** With a dataset's settings; nothing for a shape that can have none. */
export function HistoryShown(props: {
  sinceMs: number | undefined
  path: string
  isOwner: boolean
  nowMs: number
}): View {
  const { sinceMs, path, isOwner, nowMs } = props
  return (
    <section class="card form" aria-label="History">
      <p>
        {sinceMs === undefined ? 'What records were before is not kept.' : 'What records were before is kept since '}
        {sinceMs !== undefined && <Ago at={sinceMs} now={nowMs} />}
      </p>
      {isOwner && (
        <nav class="acts" aria-label="History">
          <a class="button quiet" href={`${path}/history`}>
            {sinceMs === undefined ? 'Keep a history' : 'Keep no history'}
          </a>
        </nav>
      )}
    </section>
  )
}

export function HistoryForm({ path, on, failure }: FailedForm & { path: string; on: boolean }): View {
  return (
    <>
      <Notice kind="warn">
        {on
          ? 'From the next import on each change of a record is kept: field, value before and after, when, and by which import. It goes with an erasure and by age as records do.'
          : 'What was kept goes, and only a backup brings it back.'}
      </Notice>
      <Form
        action={`${path}/history`}
        submit={on ? 'Keep a history' : 'Keep no history'}
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <input type="hidden" name="on" value={on ? 'yes' : 'no'} />
      </Form>
    </>
  )
}

/** Below a record. */
export function ChangesShown({ changes, path, nowMs }: { changes: RecordChanges; path: string; nowMs: number }): View {
  return (
    <Table
      id="changes"
      title="Before"
      feed
      columns={[{ title: 'When' }, { title: 'Field' }, { title: 'From' }, { title: 'To' }, { title: 'By' }]}
      rows={changes.changes.map((one) => ({
        cells: [
          <Ago at={one.atMs} now={nowMs} />,
          one.field,
          <ValueShown change={one} of="from" />,
          <ValueShown change={one} of="to" />,
          <a href={`${path}/imports/${one.import}`}>import</a>,
        ],
      }))}
      empty="Nothing has changed since a history is kept."
    />
  )
}

function ValueShown({ change, of }: { change: RecordChange; of: 'from' | 'to' }): View {
  if (change.masked)
    return (
      <span class="masked">
        <Icon name="lock" /> masked
      </span>
    )
  const value = change[of]
  const text = value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
  return <span class="break">{text.slice(0, VALUE_LENGTH_MAX)}</span>
}
