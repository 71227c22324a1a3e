/** The audit trail as a page: what was done, found by who, what and when; the head to keep elsewhere; the check and the file. */
import type { TrailEntry } from '../../audit/mod.ts'
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

export type AuditProps = {
  /** Address of the page. */
  path: string
  filters: AuditFilters
  entries: readonly TrailEntry[]
  /** Where older entries begin. */
  next?: number | undefined
  head: { count: number; hash: string }
  verdict?: AuditVerdict | undefined
  /** Names of people by `user:<id>`. */
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
      <Head {...props} />
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
    return <Notice kind="ok">{`The trail is whole: ${grouped(verdict.count)} entries, each as it was written.`}</Notice>
  const what = WHAT_HAPPENED[verdict.reason] ?? verdict.reason
  return (
    <Notice kind="bad">
      {`Entry ${grouped(verdict.firstBad)} ${what}. All before it are as they were written. Compare with a backup.`}
    </Notice>
  )
}

function Head({ path, head, mayExport }: AuditProps): View {
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
        rows={entries.map((entry) => ({
          id: `entry-${entry.count}`,
          cells: [
            grouped(entry.count),
            <Ago at={entry.atMs} now={nowMs} />,
            <Who actor={entry.actor} names={names} />,
            <code class="keep">{entry.action}</code>,
            <Subject id={entry.subject} />,
            Object.keys(entry.detail).length > 0 && <Detail entry={entry} />,
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

/** Ids are short to read and whole to copy; what else is acted upon stands as it is. */
function Subject({ id }: { id: string }): View {
  return ID.test(id) ? <Id value={id} /> : <span class="break">{id}</span>
}

const HASH = /^[0-9a-f]{64}$/

function Detail({ entry: { detail } }: { entry: TrailEntry }): View {
  return (
    <span class="break">
      {Object.entries(detail).map(([name, value], i) => (
        <>
          {`${i === 0 ? '' : ', '}${name} `}
          {typeof value === 'string' && (ID.test(value) || HASH.test(value)) ? (
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
