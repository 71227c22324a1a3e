/** Settings › Keys and backup: what opens what, how old each key is, and the acts on them. */
import { Ago, Facts, Field, Form, Notice, Region, type Regions, State, Table, type View } from '../../web/mod.ts'
import type { KeysView } from '../keys.ts'

export type KeysPageProps = {
  /** Address of the page. */
  path: string
  view: KeysView
  mayChange: boolean
  nowMs: number
}

const SOURCES: Record<KeysView['master']['source'], string> = {
  file: 'a file on this machine',
  value: 'a variable of the environment',
  command: 'a command, as of a key management service',
  systemd: 'a credential of systemd',
}

export function KeysPage(props: KeysPageProps): View {
  const { path, view, mayChange, nowMs } = props
  const { master, recovery } = view
  return (
    <>
      {!recovery.shown && (
        <Notice kind="warn">
          Nobody has the recovery key. Without it, a lost master key loses everything that is kept here.
        </Notice>
      )}
      {master.pending && (
        <Notice kind="warn">
          Another master key is accepted beside this one. It takes its place at the first start with it.
        </Notice>
      )}
      <section class="card titled" aria-labelledby="openers">
        <h2 id="openers">What opens this server’s data</h2>
        <Facts
          rows={[
            ['Master key from', SOURCES[master.source]],
            ['Master key set', <Ago at={Date.parse(master.madeAt)} now={nowMs} />],
            [
              'Recovery key made',
              recovery.madeAt === null ? 'not yet' : <Ago at={Date.parse(recovery.madeAt)} now={nowMs} />,
            ],
            ['Signs backups as', <code>{view.signing.id}</code>],
          ]}
        />
        {mayChange && (
          <nav class="acts" aria-label="Change what opens the data">
            <a class="button" href={`${path}/rotate/master`}>
              Rotate the master key
            </a>
            <a class="button quiet" href={`${path}/recovery`}>
              Make a new recovery key
            </a>
            <a class="button quiet" href={`${path}/backup`}>
              Download a backup
            </a>
          </nav>
        )}
      </section>
      <Region id="keys-list">{keyTable(props)}</Region>
    </>
  )
}

/** Live parts of the page. */
export function keyRegions(props: KeysPageProps): Regions {
  return { 'keys-list': keyTable(props) }
}

function keyTable({ path, view, mayChange, nowMs }: KeysPageProps): View {
  return (
    <Table
      id="data-keys"
      title="Keys"
      columns={[{ title: 'Key' }, { title: 'Made' }, { title: 'State' }, { title: '' }]}
      rows={view.keys.map((key) => ({
        cells: [
          key.name,
          key.madeAt === null ? '–' : <Ago at={Date.parse(key.madeAt)} now={nowMs} />,
          stateOf(key),
          mayChange && key.state !== 'rotating' && key.keys > 0 ? (
            <a class="button quiet" href={`${path}/rotate/${key.name}`}>
              {key.state === 'interrupted' ? 'Go on' : 'Rotate'}
            </a>
          ) : (
            ''
          ),
        ],
        under: key.about,
      }))}
    />
  )
}

function stateOf({ state, done, of, failure, madeAt }: KeysView['keys'][number]): View {
  if (state === 'rotating') {
    return (
      <>
        <State state="preparing" word="rotating" /> {of > 0 ? `${done} of ${of}` : ''}
      </>
    )
  }
  if (failure !== null) return <State state="failed" word={`cut off: ${failure}`} />
  if (state === 'interrupted') return <State state="late" word="cut off" />
  return madeAt === null ? <State state="stopped" word="made when needed" /> : <State state="running" word="in use" />
}

/** Asks for what shall open the backup. */
export function BackupForm(props: {
  path: string
  recoveryShown: boolean
  failure?: { message: string; advice?: string | undefined } | undefined
  errors?: Readonly<Record<string, string>>
}): View {
  const { path, recoveryShown, failure, errors } = props
  return (
    <Form action={`${path}/backup`} submit="Download" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <p>
        Everything that this server keeps goes into one encrypted file: tables, logs, refused records, keys. The folder
        that components read and write is not in it; it is yours to keep.
      </p>
      <p>
        {recoveryShown
          ? 'Without a passphrase, the recovery key opens the backup.'
          : 'Nobody has the recovery key yet, so a passphrase is needed.'}
      </p>
      <Field
        name="passphrase"
        label="Passphrase"
        type="password"
        help="At least 12 characters. It is not kept: without it this backup stays closed."
        error={errors?.['passphrase']}
        required={!recoveryShown}
      />
    </Form>
  )
}
