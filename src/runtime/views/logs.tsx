/** Lines of the local log, the newest first, with what they are filtered by and the way to older ones. */
import { nounFor } from '../../base/mod.ts'
import {
  Ago,
  Field,
  Filters,
  Id,
  Level,
  Notice,
  Region,
  type Regions,
  Select,
  Table,
  type View,
} from '../../web/mod.ts'
import type { LogEntry, LogPage } from '../local-logs.ts'
import { LEVELS } from '../logs/log-index.ts'

/** The words of the address; times as a date field has them. */
export type LogFilters = {
  component?: string | undefined
  level?: string | undefined
  text?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

export type LogsProps = {
  path: string
  filters: LogFilters
  page: LogPage
  /** Older lines are shown: what comes is not put above them. */
  isOlder: boolean
  /** What a line calls the end of a bridge, by its id. */
  names: ReadonlyMap<string, string>
  /** The column with the deployment, by its id; absent on the page of one. */
  blueprints?: ReadonlyMap<string, string>
  nowMs: number
}

const ANY = { value: '', label: 'Any level' }
const LEVEL_OPTIONS = LEVELS.map((level) => ({
  value: level,
  label: level === 'error' ? 'error' : `${level} or worse`,
}))

export function LogsPage(props: LogsProps): View {
  const { path, filters } = props
  const set = Object.values(filters).some((value) => value !== undefined && value !== '')
  return (
    <>
      <Filters action={path} label="Filter the log" clear={set ? path : undefined}>
        <Select name="level" label="Level" options={[ANY, ...LEVEL_OPTIONS]} value={filters.level ?? ''} />
        <Field name="component" label="Component" value={filters.component} />
        <Field name="text" label="Text" type="search" value={filters.text} placeholder="reason=…" />
        <Field name="since" label="Since (UTC)" type="datetime-local" value={filters.since} />
        <Field name="until" label="Until (UTC)" type="datetime-local" value={filters.until} />
      </Filters>
      <Region id="log-lines">
        <Lines {...props} />
      </Region>
      <Older {...props} />
    </>
  )
}

export function logRegions(props: LogsProps): Regions {
  return { 'log-lines': <Lines {...props} /> }
}

function Lines({ page, names, blueprints, nowMs }: LogsProps): View {
  const columns = ['When', ...(blueprints ? ['Deployment'] : []), 'Component', 'Level', 'What', 'Fields']
  return (
    <>
      {page.unreadable > 0 && (
        <Notice kind="bad">
          {`${page.unreadable} ${nounFor(page.unreadable, 'line')} cannot be read any more: the disk has changed them. Check the volume of the data folder.`}
        </Notice>
      )}
      <Table
        id="logs"
        feed
        title="Log"
        columns={columns.map((title) => ({ title }))}
        empty={page.older === undefined ? 'No line fits.' : 'None in this stretch; older ones may fit.'}
        rows={page.entries.toReversed().map((entry) => ({
          id: `log-${entry.position}`,
          cells: [
            <Ago at={Date.parse(entry.at)} now={nowMs} />,
            ...(blueprints ? [<Whose entry={entry} blueprints={blueprints} />] : []),
            entry.component !== undefined && <Named component={entry.component} names={names} />,
            <Level level={entry.level} />,
            <code>{entry.template}</code>,
            fieldsOf(entry),
          ],
        }))}
      />
    </>
  )
}

const BRIDGE = /^br_[0-9a-f-]{36}$/

/** A component by its name; the end of a bridge by what it joins, or else by its id. */
function Named({ component, names }: { component: string } & Pick<LogsProps, 'names'>): View {
  const name = names.get(component)
  return name === undefined && BRIDGE.test(component) ? (
    <Id value={component} label="bridge id" />
  ) : (
    <span>{name ?? component}</span>
  )
}

function Whose({ entry, blueprints }: { entry: LogEntry; blueprints: ReadonlyMap<string, string> }): View {
  const blueprint = blueprints.get(entry.deployment)
  if (blueprint === undefined) return <Id value={entry.deployment} label="deployment id" />
  return <a href={`/deployments/${entry.deployment}/logs`}>{blueprint}</a>
}

function Older({ path, filters, page, isOlder }: LogsProps): View {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== undefined && value !== '') words.set(name, value)
  const newest = words.size > 0 ? `${path}?${words}` : path
  const older = new URLSearchParams(words)
  if (page.older !== undefined) older.set('before', String(page.older))
  return (
    <nav class="acts" aria-label="Pages of the log">
      {isOlder && (
        <a class="button quiet" href={newest}>
          Newest
        </a>
      )}
      {page.older !== undefined && (
        <a class="button quiet" href={`${path}?${older}`}>
          Older
        </a>
      )}
      {page.reachedAt !== undefined && <span>{`Looked through back to ${page.reachedAt}.`}</span>}
    </nav>
  )
}

function fieldsOf(entry: LogEntry): string {
  return Object.entries(entry.fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
