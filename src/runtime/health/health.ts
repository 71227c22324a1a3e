/**
 * What `sluice doctor` looks at, as far as it can be looked at from inside, for people without a shell on this machine. What is not
 * well says the same here as on the overview.
 */
import { rfc3339 } from '../../base/mod.ts'
import type { Certificates } from '../../certificates/mod.ts'
import { type Check, checkClock, type DiskSpace, type Found, look, ok, skipped } from '../../host/mod.ts'
import type { Keyring, Rotations } from '../../keys/mod.ts'
import { type CheckDatabase, databasePath } from '../../store/mod.ts'
import { formatBytes } from '../../web/mod.ts'
import { certificateLines } from '../attention/certificates.ts'
import { diskLines } from '../attention/disk.ts'
import { journalLines, keyLines } from '../attention/keeping.ts'
import { driftLines } from '../attention/own-state.ts'
import { type PlatformSeen, platformLines } from '../attention/platform.ts'
import type { AttentionLine } from '../attention.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'
import { type EnrolmentView, enrolmentOf } from '../status.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

export type HealthDeps = EnrolmentView &
  Pick<Station, 'disk' | 'uptimeMs' | 'drift'> & {
    state: Pick<RuntimeState, 'folder' | 'keyring' | 'journals'>
    keys: {
      keyring: Pick<Keyring, 'recovery'>
      rotations: Pick<Rotations, 'list'>
      checkDatabase: CheckDatabase
    }
    certificates: Pick<Certificates, 'view' | 'warnings'>
    telemetry?: Pick<Telemetry, 'about'> | undefined
    clock: { now(): number; monotonic(): number }
  }

/** The check of the database that was asked for last. */
export type DatabaseCheck = { check: Check; atMs: number; tookMs: number }

export class Health {
  readonly #deps: HealthDeps
  #database: DatabaseCheck | undefined
  #checking: Promise<DatabaseCheck> | undefined

  constructor(deps: HealthDeps) {
    this.#deps = deps
  }

  /** Looked at now; that of the database is only made when it is asked for. */
  async checks(): Promise<Check[]> {
    const { disk, state, keys, certificates, telemetry, drift, clock } = this.#deps
    return Promise.all([
      look('disk', async () => diskFound(await disk())),
      look('clock', () => checkClock(state.folder, clock)),
      look('keys', () =>
        found([...journalLines(state.journals), ...keyLines(keys)], 'The keys open all that is kept.'),
      ),
      look('TLS', () => {
        const until = dayOf(certificates.view().shown.validToMs)
        return found(certificateLines(certificates), `TLS 1.2 and 1.3; it holds until ${until}`)
      }),
      look('Platform', () => this.#platform()),
      look('drift', () => driftFound(drift)),
      look('collector', () => collectorFound(telemetry)),
    ])
  }

  get database(): DatabaseCheck | undefined {
    return this.#database
  }

  /** Reads every page of the database, in a process of its own: heartbeats go on. Who asks while it runs gets the same. */
  checkDatabase(): Promise<DatabaseCheck> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #check(): Promise<DatabaseCheck> {
    const { state, keys, clock } = this.#deps
    const startedAt = clock.monotonic()
    const check = await look('database', () => databaseFound(state, keys))
    this.#database = { check, atMs: clock.now(), tookMs: clock.monotonic() - startedAt }
    return this.#database
  }

  async #platform(): Promise<Found> {
    const { clock, uptimeMs } = this.#deps
    const platform = await enrolmentOf(this.#deps)
    if (platform.state === 'none') return skipped('This Runtime belongs to no Platform.')
    const seen: PlatformSeen = { platform, nowMs: clock.now(), uptimeMs: uptimeMs() }
    const heardMs = platform.lastHeartbeatAnsweredMs
    return found(
      platformLines(seen),
      `${platform.platform ?? 'It'} ${heardMs === undefined ? 'is being asked' : `answered at ${rfc3339(heardMs)}`}`,
    )
  }
}

/** The worst of what needs a person; without any, that all is well. */
function found(lines: readonly AttentionLine[], well: string): Found {
  const worst = lines.find(({ state }) => state === 'failed') ?? lines[0]
  if (worst === undefined) return ok(well)
  return { verdict: worst.state === 'failed' ? 'bad' : 'warn', found: worst.what, advice: worst.effect }
}

function dayOf(ms: number): string {
  return rfc3339(ms).slice(0, 10)
}

function diskFound(disk: DiskSpace): Found {
  return found(diskLines({ disk }), `${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`)
}

function driftFound(drift: Station['drift']): Found {
  if (!drift.last) return skipped('Nothing was checked yet.')
  return found(driftLines(drift), `Everything was as it was set up at ${rfc3339(drift.last.checkedAtMs)}`)
}

function collectorFound(telemetry: HealthDeps['telemetry']): Found {
  if (!telemetry) return skipped('Figures and traces are sent nowhere: otlp-endpoint is not set.')
  const { endpoint, lastTakenMs, failure } = telemetry.about
  const last = lastTakenMs === undefined ? 'it took nothing yet' : `it last took something at ${rfc3339(lastTakenMs)}`
  if (failure === undefined) return ok(`${endpoint}: ${last}`)
  return {
    verdict: 'warn',
    found: `${endpoint} does not take figures and traces (${failure}); ${last}`,
    advice: 'Deployments go on. See whether this host reaches it, and whether its certificate and headers are right.',
  }
}

async function databaseFound(
  { folder, keyring }: HealthDeps['state'],
  { checkDatabase }: HealthDeps['keys'],
): Promise<Found> {
  const key = await keyring.load('database', 'runtime')
  if (!key) return skipped('There is no database yet.')
  try {
    const { generation } = keyring.placeOf('database', 'runtime')
    await checkDatabase({ path: databasePath(folder, 'runtime', generation), key })
  } finally {
    key.fill(0)
  }
  return ok('Every page of it is sound.')
}
