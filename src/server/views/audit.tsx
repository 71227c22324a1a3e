/** The audit trail as a page: what was done, found by who, what and when; the head to keep elsewhere; the check and the file. */

import { type ActRead, readActs, type TrailEntry } from '../../audit/mod.ts'
import { nounFor } from '../../base/mod.ts'
import {
  Ago,
  CopyButton,
  Facts,
  Field,
  Filters,
  formatInstant,
  grouped,
  Id,
  Notice,
  Table,
  type View,
} from '../../web/mod.ts'

/** What was typed into the filters, as it was typed. */
export type AuditFilters = { actor: string; action: string; subject: string; since: string; until: string }
/** What a check found; `count` entries are sound. */
export type AuditVerdict = { ok: true; count: number } | { ok: false; firstBad: number; reason: string }

/** An entry as who looks may see it. */
type Entry = Omit<TrailEntry, 'hash'>

export type AuditProps = {
  /** Address of the page. */
  path: string
  filters: AuditFilters
  entries: readonly Entry[]
  /** Where older entries begin. */
  next?: number | undefined
  /** Not there for who is told no hashes. */
  head: { count: number; hash: string } | undefined
  verdict?: AuditVerdict | undefined
  /** Names by what stands in entries: of people by `user:<id>` and by id, of what else has one by id. */
  names: ReadonlyMap<string, string>
  mayExport: boolean
  nowMs: number
}

export function Audit(props: AuditProps): View {
  return (
    <>
      {props.verdict !== undefined && <Verdict verdict={props.verdict} />}
      <Filter path={props.path} filters={props.filters} />
      <Entries {...props} />
      {props.head && <Head {...props} head={props.head} />}
    </>
  )
}

const WHAT_HAPPENED: Record<string, string> = {
  changed: 'was changed after it was written',
  removed: 'is missing',
  reordered: 'stands in another entry’s place',
  cut: 'and all behind it are missing',
  head: 'is not the one that the signed head names',
  another_history: 'is not the one that was here when that head was made',
}

function Verdict({ verdict }: { verdict: AuditVerdict }): View {
  if (verdict.ok)
    return (
      <Notice kind="ok">{`The trail is whole: ${grouped(verdict.count)} ${nounFor(verdict.count, 'entry', 'entries')}, each as it was written.`}</Notice>
    )
  const what = WHAT_HAPPENED[verdict.reason] ?? verdict.reason
  return (
    <Notice kind="bad">
      {`Entry ${grouped(verdict.firstBad)} ${what}. All before it are as they were written. Compare with a backup.`}
    </Notice>
  )
}

function Head({
  path,
  head,
  mayExport,
}: Pick<AuditProps, 'path' | 'mayExport'> & { head: { count: number; hash: string } }): View {
  const text = `${head.count}:${head.hash}`
  return (
    <section class="card form" aria-label="Head of the trail">
      <Facts
        rows={[
          ['Entries', grouped(head.count)],
          [
            'Signed head',
            <span class="id">
              <code>{`${head.count}:${head.hash.slice(0, 16)}…`}</code>
              <CopyButton text={text} label="Copy the head" small />
            </span>,
          ],
        ]}
      />
      <p class="help">
        Whoever keeps a head elsewhere can show later that nothing before it was cut off or changed:{' '}
        <code>sluice audit verify --against HEAD</code>. Heartbeats carry it as well.
      </p>
      <div class="acts">
        {mayExport && (
          <form method="post" action={`${path}/export`}>
            <button type="submit" class="button quiet">
              Export
            </button>
          </form>
        )}
      </div>
    </section>
  )
}

function Filter({ path, filters }: Pick<AuditProps, 'path' | 'filters'>): View {
  const set = Object.values(filters).some((text) => text !== '')
  return (
    <Filters action={path} label="Filter entries" clear={set ? path : undefined}>
      <Field name="actor" label="Who" value={filters.actor} placeholder="user:…, platform" />
      <Field name="action" label="Did" value={filters.action} placeholder="credential.*" />
      <Field name="subject" label="To" value={filters.subject} />
      <Field name="since" label="Since" type="date" value={filters.since} />
      <Field name="until" label="Until" type="date" value={filters.until} />
    </Filters>
  )
}

function Entries(props: AuditProps): View {
  const { path, entries, next, names, filters, nowMs } = props
  return (
    <>
      <Table
        id="audit-entries"
        feed
        title="Entries"
        columns={[
          { title: 'Entry', numeric: true },
          { title: 'When' },
          { title: 'Who' },
          { title: 'Did' },
          { title: 'To' },
          { title: 'Detail' },
        ]}
        empty={next === undefined ? 'No entry fits.' : 'None in this stretch; older ones may fit.'}
        rows={readActs(entries).map((act) => ({
          id: `entry-${act.entry.count}`,
          cells: [
            act.first === act.entry.count ? grouped(act.first) : `${grouped(act.first)}, ${grouped(act.entry.count)}`,
            <Ago at={act.entry.atMs} now={nowMs} />,
            <Who actor={act.entry.actor} names={names} />,
            <Did act={act} />,
            <Subject id={act.entry.subject} names={names} />,
            <Detail act={act} names={names} />,
          ],
        }))}
      />
      {next !== undefined && (
        <nav class="acts" aria-label="Pages">
          <a class="button quiet" href={`${path}?${new URLSearchParams({ ...filters, before: String(next) })}`}>
            Older entries
          </a>
        </nav>
      )}
    </>
  )
}

function Who({ actor, names }: { actor: string; names: ReadonlyMap<string, string> }): View {
  const name = names.get(actor)
  if (name !== undefined) return <span title={actor}>{name}</span>
  // Who is no person stands as code: no name that a person gave themselves looks like that.
  const [kind = '', id = ''] = actor.split(':')
  if (!ID.test(id)) return <code class="break">{actor}</code>
  return (
    <span>
      <code>{kind}</code> <Id value={id} />
    </span>
  )
}

const ID = /^[a-z]{2,4}_[0-9a-f-]{36}$/

/** What was not done is not to be taken for what was: it says so before its name. */
function Did({ act: { action, outcome, code } }: { act: ActRead<Entry> }): View {
  const name = <code class="keep">{action}</code>
  if (outcome === 'done') return name
  if (outcome === 'tried') return <span>tried: {name}, no outcome here</span>
  return (
    <span>
      refused: {name}, not done, since <code class="break">{code}</code>
    </span>
  )
}

/** By its name where it has one here; ids are short to read and whole to copy; what else is acted upon stands as it is. */
function Subject({ id, names }: { id: string; names: ReadonlyMap<string, string> }): View {
  const name = names.get(id)
  if (name !== undefined) return <span title={id}>{name}</span>
  return ID.test(id) ? <Id value={id} /> : <span class="break">{id}</span>
}

const HASH = /^[0-9a-f]{64}$/

function Detail({ act, names }: { act: ActRead<Entry>; names: ReadonlyMap<string, string> }): View {
  const facts = Object.entries(act.entry.detail).filter(([name]) => act.code === undefined || name !== 'code')
  return (
    <span class="break">
      {facts.map(([name, value], i) => (
        <>
          {`${i === 0 ? '' : ', '}${name} `}
          {typeof value === 'string' && names.has(value) ? (
            <Subject id={value} names={names} />
          ) : typeof value === 'string' && (ID.test(value) || HASH.test(value)) ? (
            <Id value={value} label={name} />
          ) : typeof value === 'number' && /AtMs$/.test(name) ? (
            formatInstant(value)
          ) : (
            String(value)
          )}
        </>
      ))}
    </span>
  )
}
