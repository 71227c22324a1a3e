/** How this Runtime is, as its doctor sees it from inside; the token of Prometheus; which build this is. */
import process from 'node:process'
import { buildFacts, type Check, type Verdict } from '../../host/mod.ts'
import { Ago, Facts, formatDuration, Id, Region, type Regions, State, Table, type View, Words } from '../../web/mod.ts'
import type { DatabaseCheck } from '../health/health.ts'

export type HealthProps = {
  checks: readonly Check[]
  database: DatabaseCheck | undefined
  token: { createdAtMs: number; createdBy: string } | undefined
  nowMs: number
  uptimeMs: number
  /** Of the Management Interface. */
  url: string
  mayCheck: boolean
  mayMakeToken: boolean
}

const STATES = {
  ok: { state: 'running', word: 'well' },
  warn: { state: 'late', word: 'see to it' },
  bad: { state: 'failed', word: 'not well' },
  skipped: { state: 'stopped', word: 'not used' },
} as const satisfies Record<Verdict, unknown>

const NAMES: Readonly<Record<string, string>> = {
  ...{ disk: 'Disk', clock: 'Clock', keys: 'Keys and journals', TLS: 'Certificate' },
  ...{ Platform: 'Platform', collector: 'Collector (OTLP)', database: 'Database' },
}

export function HealthPage(props: HealthProps): View {
  return (
    <>
      <Region id="health">{checkTable(props)}</Region>
      <Database {...props} />
      <Metrics {...props} />
      <Build {...props} />
    </>
  )
}

/** Live parts of the page. */
export function healthRegions(props: Pick<HealthProps, 'checks'>): Regions {
  return { health: checkTable(props) }
}

function checkTable({ checks }: Pick<HealthProps, 'checks'>): View {
  return (
    <Table
      id="checks"
      title="What this Runtime stands on"
      columns={[{ title: 'What' }, { title: 'State' }, { title: 'Found' }]}
      rows={checks.map(({ name, verdict, found, advice }) => ({
        cells: [NAMES[name] ?? name, <State {...STATES[verdict]} />, found],
        ...(advice !== undefined && { under: <Words text={advice} /> }),
      }))}
    />
  )
}

function Database({ database, nowMs, mayCheck }: HealthProps): View {
  return (
    <section class="card titled" aria-labelledby="database">
      <h2 id="database">Database</h2>
      {database ? (
        <Facts
          rows={[
            ['State', <State {...STATES[database.check.verdict]} />],
            ['Found', database.check.found],
            ...(database.check.advice === undefined ? [] : [['What to do', database.check.advice] as const]),
            ['Checked', <Ago at={database.atMs} now={nowMs} />],
            ['It took', `${Math.ceil(database.tookMs)} ms`],
          ]}
        />
      ) : (
        <p>It was not checked since this Runtime started.</p>
      )}
      <p class="help">
        The check reads every page of it. Everything else waits meanwhile: about five milliseconds for each MiB.
      </p>
      {mayCheck && <Act action="/settings/health/database" label="Check the database" />}
    </section>
  )
}

function Metrics({ token, nowMs, url, mayMakeToken }: HealthProps): View {
  return (
    <section class="card titled" aria-labelledby="metrics">
      <h2 id="metrics">Metrics for Prometheus</h2>
      {token ? (
        <Facts
          rows={[
            ['Address', <code>{`${url}/metrics`}</code>],
            ['Token made', <Ago at={token.createdAtMs} now={nowMs} />],
            ['By', <Id value={token.createdBy} label="user" />],
          ]}
        />
      ) : (
        <p>
          There is no token, so <code>/metrics</code> is off.
        </p>
      )}
      {token && mayMakeToken && <p class="help">A new token ends the one before.</p>}
      {mayMakeToken && (
        <div class="acts">
          <Act action="/settings/health/token" label={token ? 'Make a new token' : 'Make a token'} />
          {token && (
            <a class="button quiet" href="/settings/health/token/revoke">
              Take it back
            </a>
          )}
        </div>
      )}
    </section>
  )
}

function Build({ uptimeMs }: HealthProps): View {
  const { version, host, compiled } = buildFacts
  return (
    <section class="card titled" aria-labelledby="build">
      <h2 id="build">This program</h2>
      <Facts
        rows={[
          ['Version', version],
          ['Runs on', compiled ? `${host}, as one executable` : host],
          ['System', `${process.platform} ${process.arch}`],
          ['Up for', formatDuration(uptimeMs)],
          ['API', <a href="/v1/docs">What it can be asked, at /v1/docs</a>],
        ]}
      />
    </section>
  )
}

function Act({ action, label }: { action: string; label: string }): View {
  return (
    <form method="post" action={action}>
      <button type="submit" class="button">
        {label}
      </button>
    </form>
  )
}
