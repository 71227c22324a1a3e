/** All connectors of a Runtime at work: run by schedule or on demand, one run of each at a time, few at once; checked; stopped. */
import { type Clock, describeError, type Log, Slots } from '../base/mod.ts'
import type { ConnectorId, DiscoveredField } from '../wire/mod.ts'
import { approvalDigest, hostOf, hostsOf } from './approval.ts'
import type { Changes, Connector, ConnectorStore, Cursor, NewConnector, Run } from './connector-store.ts'
import {
  ConnectorCredentialUnfit,
  ConnectorHostForbidden,
  ConnectorNotApproved,
  ConnectorRunning,
  ConnectorStopped,
  ConnectorsBusy,
  ConnectorUnfit,
} from './errors.ts'
import type { ConnectorPorts } from './ports.ts'
import { lendingOnly, pullOnce } from './pull-once.ts'
import { checkSchedule, nextRunMs } from './schedule.ts'
import { connectorType } from './types.ts'
import type { AskConnector } from './worker/connector-process.ts'

/** Processes of ≤ 1 GiB that pull at once; others wait for their turn. */
export const RUNS_AT_ONCE = 2
/** How often schedules are looked at. */
export const SCHEDULE_LOOK_MS = 15_000
const ERRANDS_AT_ONCE = 2
const ERRANDS_WAITING_MAX = 16

export type ConnectorDeskDeps = {
  store: ConnectorStore
  ports: ConnectorPorts
  ask: AskConnector
  clock: Clock
  log: Log
}
type Running = { stop: AbortController; done: Promise<void> }

/** Made once for a Runtime; started before it is used, told to look at the schedules, and closed. */
export class ConnectorDesk {
  readonly store: ConnectorStore
  readonly #deps: ConnectorDeskDeps
  readonly #running = new Map<ConnectorId, Running>()
  readonly #slots = new Slots(RUNS_AT_ONCE)
  readonly #errands = new Slots(ERRANDS_AT_ONCE, {
    waitingMax: ERRANDS_WAITING_MAX,
    full: () => new ConnectorsBusy(`${ERRANDS_WAITING_MAX} checks wait already`),
  })
  readonly #closing = new AbortController()

  constructor(deps: ConnectorDeskDeps) {
    this.#deps = deps
    this.store = deps.store
  }

  /** Before anything is run: tells of runs that a crash has ended. They are gone on with by their schedules. */
  async start(): Promise<void> {
    await this.store.endCutOff()
  }

  /** Runs what is due. To be called every `SCHEDULE_LOOK_MS`. */
  async tick(): Promise<void> {
    const { clock, log } = this.#deps
    for (const connector of await this.store.scheduled()) {
      if (this.#closing.signal.aborted) return
      const dueMs = this.nextRunMs(connector)
      if (
        dueMs === undefined ||
        dueMs > clock.now() ||
        this.isRunning(connector.id) ||
        !(await this.isApproved(connector))
      )
        continue
      await this.run(connector, null).catch((error) =>
        log.warn('a connector was not run', { connector: connector.id, error: describeError(error) }),
      )
    }
  }

  /** When it runs by itself next, ms since 1970; a time that has passed stands for the next look at the schedules. */
  nextRunMs({ paused, startedAtMs, createdAtMs, ...schedule }: Connector): number | undefined {
    return paused ? undefined : nextRunMs(schedule, startedAtMs ?? createdAtMs)
  }

  isRunning(id: ConnectorId): boolean {
    return this.#running.has(id)
  }

  async isApproved(connector: Connector): Promise<boolean> {
    return connector.approvedDigest === (await approvalDigest(connector))
  }

  /**
   * What may be made of it, its settings parsed. Refuses `connector.type_unknown`, `connector.unfit`, `connector.credential_unfit`,
   * `credential.not_found`.
   */
  async fit<C extends Pick<NewConnector, 'type' | 'config' | 'credential' | 'cron' | 'timeZone'>>(
    connector: C,
  ): Promise<C> {
    const { type, credential, cron, timeZone } = connector
    const definition = connectorType(type)
    const config = definition.parse(connector.config)
    checkSchedule({ cron, timeZone }, this.#deps.clock.now())
    const kind = credential === null ? 'none' : await this.#deps.ports.kindOf(credential)
    if (!definition.credentials.some((one) => one === kind)) {
      const kinds = definition.credentials.filter((one) => one !== 'none').join(', ')
      throw new ConnectorCredentialUnfit(
        credential === null
          ? `a connector of the type ${type} needs a credential: ${kinds}`
          : `${credential} is of the kind ${kind}; it takes ${kinds}`,
      )
    }
    return { ...connector, config }
  }

  /** An owner of the Runtime agrees to its site and credential. */
  async approve(connector: Connector, by: string): Promise<void> {
    await this.store.change(connector.id, {
      ...{ approvedDigest: await approvalDigest(connector), approvedBy: by, approvedAtMs: this.#deps.clock.now() },
    })
  }

  /** Its next run is by the new settings. Refuses what `fit` refuses. */
  async change(
    connector: Connector,
    changes: Omit<Changes, 'approvedDigest' | 'approvedBy' | 'approvedAtMs'>,
  ): Promise<void> {
    const next = await this.fit({ ...connector, ...changes })
    const isAgreed = (await approvalDigest(next)) === connector.approvedDigest
    await this.store.change(connector.id, {
      ...{ ...changes, ...(changes.config !== undefined && { config: next.config }) },
      ...(!isAgreed && { approvedDigest: null, approvedBy: null, approvedAtMs: null }),
    })
    if (changes.paused) await this.stop(connector.id)
  }

  /** Begins a run and goes on. Refuses `connector.running`, `connector.not_approved`, `connector.host_forbidden`. */
  async run(connector: Connector, by: string | null): Promise<Run> {
    await this.#demandAllowed(connector)
    if (this.#running.has(connector.id)) throw new ConnectorRunning(`${connector.name} runs already`)
    if (this.#closing.signal.aborted) throw new ConnectorStopped('this Runtime is stopping')
    const stop = new AbortController()
    // Noted before anything is waited for: two runs of one connector never overlap.
    const running: Running = { stop, done: Promise.resolve() }
    this.#running.set(connector.id, running)
    try {
      const run = await this.store.begin(connector.id, by)
      running.done = this.#slots
        .run(() => this.#pull(connector.id, run, stop.signal))
        .finally(() => this.#running.delete(connector.id))
      return run
    } catch (error) {
      this.#running.delete(connector.id)
      throw error
    }
  }

  /** Ends a run that is under way, and waits for that. */
  async stop(id: ConnectorId): Promise<void> {
    const running = this.#running.get(id)
    running?.stop.abort()
    await running?.done
  }

  /** What was found, in sentences. Refuses what the site's answers lead to, `connector.busy` and what `run` refuses. */
  async check(connector: Connector): Promise<readonly string[]> {
    return (await this.#errand('check', connector)).said
  }

  /** Fields to choose from, and the setting that the choice goes into. Refuses what `check` does. */
  async discover(connector: Connector): Promise<{ setting: string; fields: readonly DiscoveredField[] }> {
    const { discover } = connectorType(connector.type)
    if (!discover) throw new ConnectorUnfit(`a connector of the type ${connector.type} has no fields to choose from`)
    return { setting: discover.setting, fields: (await this.#errand('discover', connector)).fields }
  }

  /** What it is set to is JSON of its type's own form, which the next run parses; `null`: from the beginning. Refuses `connector.running`. */
  async setCursor(connector: Connector, text: Cursor['text']): Promise<void> {
    if (this.isRunning(connector.id)) throw new ConnectorRunning(`${connector.name} runs, and moves its cursor`)
    await this.store.moveCursor(connector.id, { text, run: null, page: 0 })
  }

  async remove(id: ConnectorId): Promise<void> {
    await this.stop(id)
    await this.store.remove(id)
  }

  /** Those of a dataset, or of the whole data tenant. */
  async removeAll(dataTenant: string, dataset?: string): Promise<void> {
    for (const connector of await this.store.list(dataTenant))
      if (dataset === undefined || connector.dataset === dataset) await this.remove(connector.id)
  }

  /** Ends all runs; what they were in the middle of is gone on with at the next. */
  async close(): Promise<void> {
    this.#closing.abort()
    const all = [...this.#running.values()]
    for (const { stop } of all) stop.abort()
    await Promise.all(all.map(({ done }) => done))
  }

  async #errand<What extends 'check' | 'discover'>(what: What, connector: Connector) {
    await this.#demandAllowed(connector)
    const { ports, ask } = this.#deps
    const { type, config, credential, network } = connector
    const task = { type, config, credential: credential !== null, network }
    const handlers = {
      answers: lendingOnly(ports, connector),
      onWarning: () => undefined,
      signal: this.#closing.signal,
    }
    return this.#errands.run(() => ask(what, task, handlers))
  }

  async #demandAllowed(connector: Connector): Promise<void> {
    if (!(await this.isApproved(connector)))
      throw new ConnectorNotApproved(
        `nobody has agreed to ${connector.credential === null ? 'it' : `lending ${connector.credential}`} for ${hostOf(connector)}`,
      )
    const host = hostsOf(connector).find((one) => !this.#deps.ports.allowsHost(one))
    if (host !== undefined) throw new ConnectorHostForbidden(`the rules of this Runtime do not have ${host}`)
  }

  /** By its settings of now: it may have waited for its turn. */
  async #pull(id: ConnectorId, run: Run, signal: AbortSignal): Promise<void> {
    const { store, ports, log } = this.#deps
    try {
      const connector = await store.current(id)
      if (!connector) return
      const ended = await pullOnce(this.#deps, connector, run, signal)
      await store.end(run.id, ended)
      if (ended.state === 'failed')
        log.warn('a run of a connector failed', { connector: id, code: ended.failure?.code })
      ports.onRun?.(id)
    } catch (error) {
      // The database is not there: its next start tells of the run.
      log.error('what became of a run was not kept', { connector: id, error: describeError(error) })
    }
  }
}
