/** Connectors of a data tenant: which there are, one with its history, and the form by which one is made or changed. */
import type { Connector, ConnectorType, Run } from '../../connectors/mod.ts'
import type { DangerProps, FailedForm } from '../../server/mod.ts'
import {
  Ago,
  ByteCount,
  Check,
  Count,
  Empty,
  Facts,
  Field,
  Form,
  FormError,
  Id,
  NameField,
  Notice,
  Select,
  State,
  Table,
  type TableRow,
  TextArea,
  type View,
} from '../../web/mod.ts'
import type { DiscoveredField } from '../../wire/mod.ts'

/** As it stands now; `path` is that of its page. */
export type ConnectorShown = {
  connector: Connector
  dataset: string
  host: string
  state: 'awaiting-approval' | 'running' | 'paused' | 'ready'
  nextRunMs: number | undefined
  last: Run | undefined
  path: string
}

const STATES = {
  'awaiting-approval': { state: 'awaiting-approval', word: 'awaiting approval' },
  running: { state: 'running', word: 'running' },
  paused: { state: 'stopped', word: 'paused' },
  ready: { state: 'closed', word: 'ready' },
} as const
const RUNS: Readonly<Record<Run['state'], 'running' | 'stopped' | 'late' | 'failed' | 'closed'>> = {
  ...{ running: 'running', done: 'stopped', partly: 'late', failed: 'failed', stopped: 'closed', 'cut-off': 'late' },
}

export function ConnectorsPage({
  all,
  newPath,
  nowMs,
}: {
  all: readonly ConnectorShown[]
  newPath: string | undefined
  nowMs: number
}): View {
  if (all.length === 0)
    return (
      <Empty
        title="No connectors"
        teaches="A connector pulls from a system’s API into a dataset, by a schedule: issues of Jira, results of GitHub Actions, or what any REST API lists. It signs in with a credential of this Runtime’s vault."
        command="sluice connector types"
        {...(newPath !== undefined && { actions: [{ label: 'New connector', href: newPath }] })}
      />
    )
  const columns = ['Name', 'State', 'Site', 'Dataset', 'Last run', 'Next run'].map((title) => ({ title }))
  return <Table id="connectors" title="Connectors" columns={columns} rows={all.map((one) => rowOf(one, nowMs))} />
}

function rowOf({ connector, dataset, host, state, nextRunMs, last, path }: ConnectorShown, nowMs: number): TableRow {
  return {
    href: path,
    cells: [
      connector.name,
      <State {...STATES[state]} />,
      host,
      dataset,
      last ? <RunState run={last} /> : 'Never',
      nextRunMs === undefined ? 'By hand' : <Ago at={nextRunMs} now={nowMs} />,
    ],
  }
}

function RunState({ run }: { run: Run }): View {
  return <State state={RUNS[run.state]} word={run.state.replace('-', ' ')} />
}

export type ConnectorPageProps = ConnectorShown & {
  runs: readonly Run[]
  mayChange: boolean
  mayApprove: boolean
  /** Names of users as the audit trail has them. */
  people: ReadonlyMap<string, string>
  /** Whether its type tells of fields. */
  discovers: boolean
  /** What it sends, where it does more than ask. */
  sends: string | undefined
  /** What a check found. */
  said: readonly string[]
  failed: FailedForm
  nowMs: number
}

export function ConnectorPage(props: ConnectorPageProps): View {
  const { connector, state, last, said, failed, mayChange } = props
  return (
    <>
      {failed.failure !== undefined && <FormError {...failed.failure} />}
      {said.length > 0 && (
        <Notice kind="ok">
          {said.map((sentence) => (
            <p>{sentence}</p>
          ))}
        </Notice>
      )}
      {state === 'awaiting-approval' && <Awaiting {...props} />}
      {last?.failure && last.state === 'failed' && (
        <Notice kind="bad">
          <p>{`The last run failed: ${last.failure.message}`}</p>
          {last.failure.advice !== undefined && <p>{last.failure.advice}</p>}
        </Notice>
      )}
      {last?.warnings.map(({ message }) => (
        <Notice kind="warn">
          <p>{message}</p>
        </Notice>
      ))}
      <About {...props} />
      {mayChange && <Acts {...props} />}
      <History {...props} />
      {mayChange && (
        <nav class="acts" aria-label="Danger">
          <a class="button quiet" href={`${props.path}/cursor`}>
            Begin anew
          </a>
          <a class="button danger" href={`${props.path}/remove`} aria-label={`Remove ${connector.name}`}>
            Remove this connector
          </a>
        </nav>
      )}
    </>
  )
}

function Awaiting({ connector, host, mayApprove, path, sends }: ConnectorPageProps): View {
  const { credential, network } = connector
  const lends = credential === null ? `connects to ${host}` : `lends the credential ${credential} to ${host}`
  const where = network === 'private' ? ', which may be at a private address of your network' : ''
  return (
    <>
      <Notice kind="warn">
        <p>{`It ${lends}${where}. It runs once an owner of this Runtime agrees to that.`}</p>
        {sends !== undefined && (
          <p>
            It sends there: <code>{sends}</code>
          </p>
        )}
      </Notice>
      {mayApprove && <Post action={`${path}/approve`} label="Approve" />}
    </>
  )
}

function About({ people, connector, dataset, host, state, nextRunMs, nowMs }: ConnectorPageProps): View {
  const { cron, timeZone, credential, network, approvedBy, approvedAtMs } = connector
  return (
    <section class="card form" aria-label="Facts">
      <Facts
        rows={[
          ['State', <State {...STATES[state]} />],
          ['Site', network === 'private' ? `${host}, also at a private address` : host],
          ['Dataset', dataset],
          ['Credential', credential ?? 'none'],
          ['Schedule', cron === null ? 'by hand' : `${cron} in ${timeZone}`],
          ['Next run', nextRunMs === undefined ? 'none' : <Ago at={nextRunMs} now={nowMs} />],
          [
            'Approved',
            state === 'awaiting-approval' || approvedAtMs === null ? (
              'by nobody'
            ) : (
              <>
                {people.get(approvedBy ?? '') ?? approvedBy} <Ago at={approvedAtMs} now={nowMs} />
              </>
            ),
          ],
          ['Id', <Id value={connector.id} label={`id of ${connector.name}`} />],
        ]}
      />
    </section>
  )
}

function Acts({ connector, state, path, discovers }: ConnectorPageProps): View {
  const runs = state === 'ready' || state === 'paused'
  return (
    <nav class="acts" aria-label="Acts">
      {runs && <Post action={`${path}/run`} label="Run now" />}
      {state !== 'awaiting-approval' && <Post action={`${path}/check`} label="Check" quiet />}
      {state !== 'awaiting-approval' && (
        <Post
          action={`${path}/${connector.paused ? 'resume' : 'pause'}`}
          label={connector.paused ? 'Resume' : 'Pause'}
          quiet
        />
      )}
      {discovers && state !== 'awaiting-approval' && (
        <a class="button quiet" href={`${path}/fields`}>
          Choose fields
        </a>
      )}
      <a class="button quiet" href={`${path}/change`}>
        Change
      </a>
    </nav>
  )
}

function Post({ action, label, quiet }: { action: string; label: string; quiet?: boolean }): View {
  return (
    <form method="post" action={action} class="inline">
      <button type="submit" class={quiet ? 'button quiet' : 'button'}>
        {label}
      </button>
    </form>
  )
}

function History({ runs, people, nowMs }: ConnectorPageProps): View {
  return (
    <Table
      id="runs"
      title="Runs"
      columns={[
        ...[{ title: 'Started' }, { title: 'State' }, { title: 'By' }, { title: 'Pages', numeric: true }],
        ...[
          { title: 'Records', numeric: true },
          { title: 'New', numeric: true },
          { title: 'Replaced', numeric: true },
        ],
        ...[
          { title: 'Refused', numeric: true },
          { title: 'Size', numeric: true },
        ],
      ]}
      rows={runs.map((run) => ({
        cells: [
          <Ago at={run.startedAtMs} now={nowMs} />,
          <RunState run={run} />,
          run.startedBy === null ? 'schedule' : (people.get(run.startedBy) ?? run.startedBy),
          <Count value={run.pages} />,
          <Count value={run.records} />,
          <Count value={run.rowsTaken - run.rowsReplaced} />,
          <Count value={run.rowsReplaced} />,
          <Count value={run.rowsRefused} />,
          <ByteCount value={run.bytes} />,
        ],
        ...(run.failure && { under: run.failure.message }),
      }))}
      empty="It has not run yet."
    />
  )
}

export type ConnectorFormProps = FailedForm & {
  type: ConnectorType
  /** What was typed, or what it is. */
  values: Readonly<Record<string, string>>
  datasets: readonly { id: string; name: string }[]
  credentials: readonly string[]
  /** A new one also has a name and a dataset. */
  isNew: boolean
  action: string
  cancel: string
}

/** Which type a new one is of; each has a form of its own. */
export function TypeChoice(props: { types: readonly ConnectorType[]; chosen: string; path: string }): View {
  const { types, chosen, path } = props
  return (
    <nav class="acts" aria-label="Type of connector">
      {types.map(({ type, title, summary }) => (
        <a
          class={type === chosen ? 'button' : 'button quiet'}
          href={`${path}?type=${type}`}
          title={summary}
          {...(type === chosen && { 'aria-current': 'page' as const })}
        >
          {title}
        </a>
      ))}
    </nav>
  )
}

/** Prefix of a type’s own settings among the fields. */
export const SETTING = 'config.'

export function ConnectorForm(props: ConnectorFormProps): View {
  const { type, values, datasets, credentials, isNew, action, cancel, failure, errors } = props
  const field = (name: string) => ({ name, value: values[name], error: errors[name] })
  const none = type.credentials.includes('none') ? [{ value: '', label: 'none' }] : []
  const named = [...none, ...credentials.map((name) => ({ value: name, label: name }))]
  return (
    <Form
      action={action}
      submit={isNew ? 'Make the connector' : 'Change it'}
      failure={failure}
      cancel={{ label: 'Cancel', href: cancel }}
    >
      {isNew && <NameField value={values['name']} error={errors['name']} help="Lower-case letters, digits, - and _." />}
      {isNew && (
        <Select
          {...field('dataset')}
          label="Dataset"
          options={datasets.map(({ id, name }) => ({ value: id, label: name }))}
          help={`Of the shape ${type.shapes.join(' or ')}.`}
          required
        />
      )}
      <Select
        {...field('credential')}
        label="Credential"
        options={named}
        help={`In this Runtime’s vault, of the kind ${type.credentials.filter((kind) => kind !== 'none').join(', ')}.`}
      />
      {type.settings.map((setting) => (
        <SettingField setting={setting} value={values[SETTING + setting.name]} error={errors[SETTING + setting.name]} />
      ))}
      <Select
        {...field('network')}
        label="Network"
        options={[
          { value: 'public', label: 'public: the site is at a public address' },
          { value: 'private', label: 'private: it may be in your own network' },
        ]}
      />
      <Field
        {...field('cron')}
        label="Schedule"
        lengthMax={128}
        placeholder="*/15 * * * *"
        help="Minute, hour, day, month, day of the week, as cron has them. Empty: it runs when it is told to."
      />
      <Field
        {...field('timeZone')}
        value={values['timeZone'] ?? 'UTC'}
        label="Time zone"
        lengthMax={64}
        help="Of the schedule, such as Europe/Berlin."
      />
    </Form>
  )
}

function SettingField({
  setting,
  value,
  error,
}: {
  setting: ConnectorType['settings'][number]
  value: string | undefined
  error: string | undefined
}): View {
  const { name, kind, options, needed, fallback, description } = setting
  const frame = { name: SETTING + name, label: name, help: description.replaceAll('`', ''), error }
  const shown =
    value ?? (Array.isArray(fallback) ? fallback.join(', ') : fallback === undefined ? '' : String(fallback))
  if (kind === 'choice')
    return <Select {...frame} value={shown} options={options.map((one) => ({ value: one, label: one }))} />
  if (kind === 'switch') return <Check {...frame} checked={shown === 'yes' || shown === 'true'} />
  if (kind === 'lines' || kind === 'structure')
    return <TextArea {...frame} value={shown} rows={kind === 'lines' ? 4 : 12} />
  return <Field {...frame} value={shown} required={needed} />
}

/** Prefix of the fields of the choice. */
export const CHOSEN = 'field.'

export function ChooseFields(
  props: FailedForm & { fields: readonly DiscoveredField[]; chosen: ReadonlySet<string>; path: string },
): View {
  const { fields, chosen, path, failure } = props
  return (
    <Form
      action={`${path}/fields`}
      submit="Pull these fields"
      failure={failure}
      cancel={{ label: 'Cancel', href: path }}
    >
      <p>{`The site has ${fields.length} fields. Without any chosen, all are pulled. What was pulled before is not changed by it.`}</p>
      {fields.map(({ id, name, type, own }) => (
        <Check
          name={CHOSEN + id}
          label={`${name} (${type}${own ? ', of the site’s own' : ''})`}
          checked={chosen.has(id)}
        />
      ))}
    </Form>
  )
}

export function connectorRemoval({ name, path }: { name: string; path: string }): DangerProps {
  return {
    ...{ action: `${path}/remove`, title: `Remove ${name}`, name, submit: 'Remove the connector' },
    says: 'Its cursor and its history go, and it runs no more. What it has pulled stays in the dataset.',
    cancel: { label: 'Keep it', href: path },
  }
}

export function cursorReset({ name, path }: { name: string; path: string }): DangerProps {
  return {
    ...{ action: `${path}/cursor`, title: `Begin ${name} anew`, name, submit: 'Forget how far it is' },
    says: 'Its next run pulls everything from the first record on. What comes again takes its own place.',
    cancel: { label: 'Leave it', href: path },
  }
}
