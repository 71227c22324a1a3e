/** Builds the parts of a Runtime and joins them: each function is given what its part needs, and `composeStation` knows them all. */
import { join, resolve } from 'node:path'
import { base64url, rfc3339 } from '../base/mod.ts'
import { createHandshakes } from '../bridge/mod.ts'
import { buildFacts, residentBytes } from '../host/mod.ts'
import { answerMemory } from '../server/mod.ts'
import { AuditLog, DeploymentStatus } from '../wire/mod.ts'
import { connectorLines } from './attention/connectors.ts'
import { deploymentLines } from './attention/deployments.ts'
import { diskGauge, diskLines } from './attention/disk.ts'
import { ownStateLines } from './attention/own-state.ts'
import { platformLines } from './attention/platform.ts'
import { refusalLines } from './attention/refusals.ts'
import type { Seen } from './attention/seen.ts'
import { uploadTokenLines } from './attention/upload-tokens.ts'
import { Attention } from './attention.ts'
import { bridgeTerms } from './bridge-terms.ts'
import { bridgeLeaf } from './certificates.ts'
import { Changes } from './changes.ts'
import { Checks } from './credentials/checks.ts'
import { CredentialDesk } from './credentials/credential-desk.ts'
import { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts'
import { settledLetterKeys } from './dead-letters/letter-keys.ts'
import { Deployments } from './deployments/deployments.ts'
import { credentialsOf, type Surroundings } from './deployments/examine.ts'
import { Drift } from './drift/drift.ts'
import { driftSources } from './drift/sources.ts'
import { History } from './history/history.ts'
import { HistoryStore } from './history/history-store.ts'
import { type InventoryDeps, inventoryOf } from './inventory.ts'
import { kept } from './kept.ts'
import { KeptDeployments } from './kept-deployments.ts'
import { LibraryDesk, spelled } from './libraries/library-desk.ts'
import { parsingBy } from './libraries/parsing.ts'
import { c2Handlers } from './link/c2-messages.ts'
import { Enrolment } from './link/enrolment.ts'
import { composeHeartbeat } from './link/heartbeat.ts'
import { Owed } from './link/owed.ts'
import { PlatformLink } from './link/platform-link.ts'
import { leavingLine } from './policy/log-lines.ts'
import type { Registration } from './state/enrolment.ts'
import { acknowledgedIn } from './state/settings.ts'
import type { Owing, Station, StationDeps } from './station.ts'
import { Workers } from './supervision/crew.ts'
import { deskFor } from './supervision/desk.ts'
import { replaceLeftover } from './supervision/leftover.ts'
import { workerStart } from './supervision/worker-start.ts'
import { Tidying } from './tidying.ts'

/** The parts know each other by these functions, so that they can be built in any order. */
export function composeStation(deps: StationDeps): Station {
  const { state, name, addresses, clock } = deps
  const startedAtMs = clock.now()
  const uptimeMs = (): number => clock.now() - startedAtMs
  const drift = driftOf(deps, { workers: () => workers, changed: () => enrolment.changed() })
  const inventoryDeps = inventoryDepsOf(deps, drift)
  const inventory = () => inventoryOf(inventoryDeps)
  const owed = owing(deps)
  const workers: Workers = workersOf(deps, owed, { changes: () => changes, deadLetters: () => deadLetters })
  const deadLetters = deadLettersOf(deps, workers)
  const changes = new Changes({
    countsOf: (deployment, version) => workers.counts(deployment, version),
    owe: (status) => void owed.status.add(status),
    beat: () => enrolment.changed(),
    clock,
  })
  const deployments = deploymentsOf(deps, workers, changes)
  const keptDeployments = new KeptDeployments({ ...state, deployments })
  const credentials = credentialsDeskOf(deps, workers, () => enrolment.changed())
  const libraries = new LibraryDesk({
    ...{ ...state, types: deps.types, parse: parsingBy(deps.launch) },
    onChange: () => enrolment.changed(),
  })
  const link = linkOf(deps, { startedAtMs, uptimeMs, deployments, inventory, inventoryDeps })
  const enrolment = enrolmentOf(deps, { link, owed, inventory })
  const history = new History(clock)
  const keptHistory = new HistoryStore(state.db, clock)
  const tidying = new Tidying({ state, deployments, deadLetters, changes, history, keptHistory, log: deps.log })
  return {
    ...{
      name,
      state,
      types: deps.types,
      workers,
      deployments,
      keptDeployments,
      deadLetters,
      credentials,
      libraries,
      enrolment,
      owed,
      changes,
      tidying,
      drift,
    },
    ...{
      addresses,
      uptimeMs,
      inventory,
      disk: diskGauge(state.folder, clock),
      attention: attentionOf(deps, drift),
      history,
      keptHistory,
    },
    farSides: () => enrolment.link?.farSides ?? [],
    peerRemoved(runtime) {
      for (const { assignment, state: runs } of workers.list()) {
        const affected = assignment.bridges.some((bridge) => bridge.peer === runtime)
        if (affected && runs !== 'stopped') workers.replace(assignment)
      }
      enrolment.changed()
    },
    async start() {
      await keptHistory.load(history)
      await owed.logs.start()
      await owed.status.start()
      await enrolment.start()
      await deployments.resume()
    },
    async close() {
      await workers.close()
      // Charts are worth less than an orderly end.
      await kept(deps.log, 'figures were', keptHistory.keepAll(history))
      await deadLetters.close()
      await enrolment.close()
      await owed.logs.stop()
      await owed.status.stop()
    },
  }
}

function owing({ state, clock, random, log }: StationDeps): Owing {
  const common = { tell: undefined, clock, random, log }
  return {
    logs: new Owed({
      ...{ ...common, journal: state.owedLogs, entry: AuditLog },
      acknowledged: acknowledgedIn(state.settings, 'owed-logs'),
    }),
    status: new Owed({
      ...{ ...common, journal: state.owedStatus, entry: DeploymentStatus },
      acknowledged: acknowledgedIn(state.settings, 'owed-status'),
    }),
  }
}

type LaterParts = { changes: () => Changes; deadLetters: () => DeadLetterDesk }

function workersOf(deps: StationDeps, owed: Owing, later: LaterParts): Workers {
  const { state, launch, memoryBytesMax, clock, random, log, types } = deps
  const keys = { agreement: state.agreement }
  const running = () => workers.list().map(({ assignment }) => assignment)
  const bridgeOf = (bridge: string) => bridgeTerms(bridge, running(), state.peers)
  const handshakes = createHandshakes({ keys, clock, random, bridgeOf })
  const workers = new Workers({
    ...{ launch, memoryBytesMax, residentBytes, clock, random, log },
    start: async (assignment, pid) => {
      await replaceLeftover(join(state.folder, 'deployments', assignment.deployment), pid, clock)
      return workerStart(assignment, {
        ...{ peers: state.peers, code: state.code, files: deps.files, data: resolve(state.folder) },
        ...{ fileRoots: state.rules.policy.fileRoots, traceOneIn: deps.telemetry?.traceOneIn },
        leaf: (label) => bridgeLeaf(state.authority, label, clock),
        deadLetters: (deployment) => later.deadLetters().handOver(deployment),
      })
    },
    deskFor: (assignment) =>
      deskFor(assignment, {
        ...{ checkpoints: state.checkpoints, handshakes, credentials: credentialsOf(assignment, types) },
        credential: (name) => credentialOf(deps, name),
      }),
    counts: {
      load: ({ deployment, version }) => state.counts.load(deployment, version),
      keep: ({ deployment, version }, counts) =>
        void kept(log, 'counts were', state.counts.save(deployment, version, counts), { deployment }),
    },
    onSpans: (assignment, news) => deps.telemetry?.tookSpans(assignment, news),
    onLog: ({ deployment }, entry) => logged(deps, owed, { ...entry, at: rfc3339(clock.now()), deployment }),
    onState: ({ deployment, version }, deploymentState, reasons) => {
      if (!later.changes().tell({ deployment, version, state: deploymentState, reasons })) return
      const keeping = state.assignments.setState(deployment, version, deploymentState, reasons)
      void kept(log, 'a state was', keeping, { deployment })
    },
  })
  return workers
}

async function credentialOf({ state: { vault } }: StationDeps, name: string): Promise<Record<string, string>> {
  return vault.use((await vault.find(name)).id, async (secret) => ({ ...secret }))
}

/** The folders that the owner's rules leave open to components, if they name some. */
function rootsOf({ state }: StationDeps): readonly string[] | undefined {
  const { fileRoots } = state.rules.policy
  return fileRoots === 'any' ? undefined : fileRoots
}

function credentialsDeskOf(deps: StationDeps, workers: Workers, onChange: () => void): CredentialDesk {
  const { state, types, launch, files } = deps
  const { vault, trail, assignments } = state
  const credential = (name: string) => credentialOf(deps, name)
  const checks = new Checks({ launch, files, closed: resolve(state.folder), roots: () => rootsOf(deps), credential })
  return new CredentialDesk({ vault, trail, assignments, types, workers, checks, onChange })
}

function logged({ state, log }: StationDeps, owed: Owing, entry: AuditLog): void {
  const leaving = leavingLine(entry, state.rules.policy.logLines)
  if (leaving) void owed.logs.add(leaving)
  void kept(log, 'a log entry was', state.logs.add(entry))
}

function deadLettersOf({ state, clock, random, log }: StationDeps, workers: Workers): DeadLetterDesk {
  return new DeadLetterDesk({
    ...{ folder: state.folder, keyring: settledLetterKeys(state.keyring, state.folder), workers, clock, random },
    onCount: (deployment, count) => {
      if (workers.lettersLeft(deployment, count)) return
      void kept(log, 'counts were', state.counts.lettersLeft(deployment, count), { deployment })
    },
  })
}

function deploymentsOf(deps: StationDeps, workers: Workers, changes: Changes): Deployments {
  const { state, types, clock, log } = deps
  return new Deployments({
    ...{ types, clock, log, assignments: state.assignments, approvals: state.approvals, code: state.code },
    refusals: state.refusals,
    crew: workers,
    surroundings: () => surroundingsOf(deps),
    registration: () => state.enrolment.registration(),
    record: (actor, action, subject, detail) => state.trail.record({ actor, action, subject, detail }),
    onChange: (deployment, version, deploymentState, reasons) => {
      changes.tell({ deployment, version, state: deploymentState, reasons })
    },
  })
}

function driftOf(
  { state, settings, clock }: StationDeps,
  later: { workers: () => Workers; changed: () => void },
): Drift {
  const drift = new Drift({ documents: state.documents, trail: state.trail, clock, changed: later.changed })
  const workers = { list: () => later.workers().list() }
  for (const source of driftSources({ state, workers, settings: () => settings })) drift.watch(source)
  return drift
}

function attentionOf({ state, clock }: StationDeps, drift: Drift): Attention<Seen> {
  const attention = new Attention<Seen>()
  attention.watch('the deployments', deploymentLines)
  attention.watch('refused versions', () => refusalLines(state))
  attention.watch('the Platform', platformLines)
  attention.watch('the disk', diskLines)
  attention.watch('the rules and the state of this Runtime', () => ownStateLines({ rules: state.rules, drift }))
  attention.watch('connectors', () => connectorLines(state))
  attention.watch('upload tokens', () => uploadTokenLines(state, clock.now()))
  return attention
}

async function surroundingsOf({ state, types, files }: StationDeps): Promise<Surroundings> {
  return {
    types,
    credentials: new Set((await state.vault.list()).map((credential) => credential.name)),
    libraries: new Map((await state.libraries.list()).installed.map((library) => [spelled(library), library.sha256])),
    peers: new Set((await state.peers.list()).accepted.map((peer) => peer.runtime)),
    folders: { data: resolve(state.folder), files },
    policy: state.rules.policy,
  }
}

function inventoryDepsOf({ state, types, addresses }: StationDeps, drift: Drift): InventoryDeps {
  const { vault, peers, assignments, rules, libraries } = state
  return { vault, peers, assignments, types, rules, libraries, drift, bridgePort: () => addresses().bridgePort }
}

type LinkParts = Pick<Station, 'uptimeMs' | 'deployments' | 'inventory'> & {
  startedAtMs: number
  inventoryDeps: InventoryDeps
}

function linkOf(deps: StationDeps, parts: LinkParts): (registration: Registration) => PlatformLink {
  const { state, addresses, clock, random, log } = deps
  const { startedAtMs, uptimeMs, deployments, inventory, inventoryDeps } = parts
  const incarnation = base64url(random(16))
  const { assignments, authority, trail } = state
  const heartbeat = { assignments, authority, trail, inventory: inventoryDeps, uptimeMs, addresses }
  return (registration) =>
    new PlatformLink({
      ...{ registration, signing: state.signing, clock, random, log, incarnation, startedAtMs },
      answers: answerMemory(state.db, state.db.tables.runtimeAnswers, clock),
      handlers: c2Handlers({ registration, agreement: state.agreement, code: state.code, deployments, inventory }),
      heartbeat: (leaving) => composeHeartbeat(heartbeat, leaving),
    })
}

type EnrolmentParts = { link: (registration: Registration) => PlatformLink; owed: Owing } & Pick<Station, 'inventory'>

function enrolmentOf(deps: StationDeps, { link, owed, inventory }: EnrolmentParts): Enrolment {
  const { state, name, addresses, closing, clock } = deps
  return new Enrolment({
    ...{ record: state.enrolment, signing: state.signing, agreement: state.agreement, name, link, closing, clock },
    describe: async () => {
      const { managementUrl, bridgePort } = addresses()
      const about = { managementUrl, bridgePort, inventory: await inventory(), version: buildFacts.version }
      return { ...about, authority: state.authority.certificatePem }
    },
    onEnrolled: ({ runtime, tenant }, actor) =>
      state.trail.record({ actor, action: 'runtime.enrolled', subject: runtime, detail: { tenant } }),
    onLink: (opened) => {
      owed.logs.enrolled((first, entries, signal) => opened.tellLogs(first, entries, signal))
      owed.status.enrolled((first, entries, signal) => opened.tellStatus(first, entries, signal))
    },
  })
}
