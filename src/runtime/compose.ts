/** Builds the parts of a Runtime and joins them: each function is given what its part needs, and `composeStation` knows them all. */
import { join, resolve } from 'node:path'
import { base64url, describeError, rfc3339 } from '../base/mod.ts'
import { createHandshakes } from '../bridge/mod.ts'
import { buildFacts } from '../host/mod.ts'
import { CredentialNotFound } from '../keys/mod.ts'
import { AuditLog, DeploymentStatus } from '../wire/mod.ts'
import { bridgeTerms } from './bridge-terms.ts'
import { bridgeLeaf } from './certificates.ts'
import { Changes } from './changes.ts'
import { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts'
import { Deployments } from './deployments/deployments.ts'
import { credentialsOf, type Surroundings } from './deployments/examine.ts'
import { type InventoryDeps, inventoryOf, POLICY } from './inventory.ts'
import { c2Handlers } from './link/c2-messages.ts'
import { Enrolment } from './link/enrolment.ts'
import { composeHeartbeat } from './link/heartbeat.ts'
import { Owed } from './link/owed.ts'
import { PlatformLink } from './link/platform-link.ts'
import { answerMemory } from './state/answers.ts'
import type { Registration } from './state/enrolment.ts'
import { acknowledgedIn } from './state/settings.ts'
import type { Owing, Station, StationDeps } from './station.ts'
import { Workers } from './supervision/crew.ts'
import { deskFor } from './supervision/desk.ts'
import { replaceLeftover } from './supervision/leftover.ts'
import { residentBytes } from './supervision/resident-memory.ts'
import { workerStart } from './supervision/worker-start.ts'
import { Tidying } from './tidying.ts'

/** The parts know each other by these functions, so that they can be built in any order. */
export function composeStation(deps: StationDeps): Station {
  const { state, name, addresses, clock } = deps
  const startedAtMs = clock.now()
  const uptimeMs = (): number => clock.now() - startedAtMs
  const inventoryDeps = inventoryDepsOf(deps)
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
  const link = linkOf(deps, { startedAtMs, uptimeMs, deployments, inventory, inventoryDeps })
  const enrolment = enrolmentOf(deps, { link, owed, inventory })
  const tidying = new Tidying({ state, deployments, deadLetters, changes, log: deps.log })
  return {
    ...{ name, state, workers, deployments, deadLetters, enrolment, owed, changes, tidying },
    ...{ addresses, uptimeMs, inventory },
    peerRemoved(runtime) {
      for (const { assignment, state: runs } of workers.list()) {
        const affected = assignment.bridges.some((bridge) => bridge.peer === runtime)
        if (affected && runs !== 'stopped') workers.replace(assignment)
      }
      enrolment.changed()
    },
    async start() {
      await owed.logs.start()
      await owed.status.start()
      await enrolment.start()
      await deployments.resume()
    },
    async close() {
      await workers.close()
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
        ...{ peers: state.peers, code: state.code, files: deps.files },
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
      keep: ({ deployment, version }, counts) => {
        state.counts
          .save(deployment, version, counts)
          .catch((error) => log.error('counts were not kept', { deployment, error: describeError(error) }))
      },
    },
    onLog: ({ deployment }, entry) => logged(deps, owed, { ...entry, at: rfc3339(clock.now()), deployment }),
    onState: ({ deployment, version }, deploymentState, reasons) => {
      if (!later.changes().tell({ deployment, version, state: deploymentState, reasons })) return
      state.assignments
        .setState(deployment, version, deploymentState, reasons)
        .catch((error) => log.error('a state was not kept', { deployment, error: describeError(error) }))
    },
  })
  return workers
}

async function credentialOf({ state: { vault } }: StationDeps, name: string): Promise<Record<string, string>> {
  const found = (await vault.list()).find((credential) => credential.name === name)
  if (!found) throw new CredentialNotFound(`there is no credential ${name}`)
  return vault.use(found.id, async (secret) => ({ ...secret }))
}

function logged({ state, log }: StationDeps, owed: Owing, entry: AuditLog): void {
  void owed.logs.add(entry)
  state.logs.add(entry).catch((error) => log.warn('a log entry was not kept', { error: describeError(error) }))
}

function deadLettersOf({ state, clock, log }: StationDeps, workers: Workers): DeadLetterDesk {
  return new DeadLetterDesk({
    ...{ folder: state.folder, keyring: state.keyring, workers, clock },
    onCount: (deployment, count) => {
      if (workers.lettersLeft(deployment, count)) return
      state.counts
        .lettersLeft(deployment, count)
        .catch((error) => log.error('counts were not kept', { deployment, error: describeError(error) }))
    },
  })
}

function deploymentsOf(deps: StationDeps, workers: Workers, changes: Changes): Deployments {
  const { state, types, clock, log } = deps
  return new Deployments({
    ...{ types, clock, log, assignments: state.assignments, approvals: state.approvals, code: state.code },
    crew: workers,
    surroundings: () => surroundingsOf(deps),
    registration: () => state.enrolment.registration(),
    record: (actor, action, subject, detail) => state.trail.record({ actor, action, subject, detail }),
    onChange: (deployment, version, deploymentState, reasons) => {
      changes.tell({ deployment, version, state: deploymentState, reasons })
    },
  })
}

async function surroundingsOf({ state, types, files }: StationDeps): Promise<Surroundings> {
  return {
    types,
    credentials: new Set((await state.vault.list()).map((credential) => credential.name)),
    peers: new Set((await state.peers.list()).accepted.map((peer) => peer.runtime)),
    folders: { data: resolve(state.folder), files },
  }
}

function inventoryDepsOf({ state, types, addresses }: StationDeps): InventoryDeps {
  const { vault, peers, assignments } = state
  return { vault, peers, assignments, types, bridgePort: () => addresses().bridgePort, policy: POLICY }
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
      answers: answerMemory(state.db, clock),
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
