/** The end of `demo --once`: the Platform has heard of it, what arrived is counted, and what the Platform got is searched. */
import { join } from 'node:path'
import * as v from 'valibot'
import { LogList, PlatformDeployment, PlatformLink, readAs } from '../answers.ts'
import { countMarkers, searchFolder } from './canary.ts'
import { countDelivered } from './delivered.ts'
import { openedDatabases } from './opened-databases.ts'
import type { Demo } from './run.ts'
import { until } from './until.ts'

/** Planted rows that the source, the transform and the database must refuse. */
const PLANTED_REFUSALS = 3

const PlatformView = v.object({ tenant: v.object({ id: v.string() }) })

const SYSTEMS = ['factory', 'cloud'] as const

async function gather(demo: Demo, signal: AbortSignal) {
  const { platform, deployment } = demo
  const seen = await until('the Platform to know the end', signal, async () => {
    const answer = readAs(PlatformDeployment, await platform.client.get(`/v1/deployments/${deployment}`))
    return answer.runtimes.every(({ state }) => state === 'stopped') ? answer : undefined
  })
  const { delivered, missingInFile } = await countDelivered(demo)
  const logs = readAs(LogList, await platform.client.get(`/v1/logs?deployment=${deployment}&limit=1`))
  const { tenant } = readAs(PlatformView, await platform.client.get('/v1/status'))
  const result = {
    platform: { url: platform.ready.url, tenant: tenant.id },
    runtimes: await Promise.all(SYSTEMS.map((system) => runtimeOf(demo, system))),
    deployment: { id: deployment, version: seen.version, state: seen.state },
    ...partsOf(demo),
    delivered,
    testResults: demo.testResults,
    auditLogs: logs.count ?? 0,
  }
  return { result, missingInFile }
}

async function runtimeOf(demo: Demo, system: (typeof SYSTEMS)[number]) {
  const { name, ready, client } = demo[system]
  const { heartbeats } = readAs(PlatformLink, await client.get('/v1/enrolment'))
  const id = demo.runtimeIds[system]
  return { id, name, managementUrl: ready.url, bridgePort: ready.bridgePort ?? 0, heartbeats }
}

/** What each part of the flow counted. Both ends of a bridge count; the factory's are told. */
function partsOf({ deployments }: Demo) {
  const components = deployments.flatMap((deployment, i) =>
    deployment.components.map(({ name, type, messagesIn, messagesOut, bytesIn, bytesOut, errors, executionMs }) => ({
      ...{ name, type, system: SYSTEMS[i] },
      ...{ messagesIn, messagesOut, bytesIn, bytesOut, errors, executionMs: Math.round(executionMs) },
    })),
  )
  const bridges = (deployments[0]?.bridges ?? []).map(({ bridge, suite, frames, bytes, rotations }) => ({
    id: bridge,
    ...{ suite, frames, bytes, rotations },
  }))
  return { components, bridges }
}

/** Searches all that the Platform received, after TLS and after opening, and the rows of its databases. It must have stopped. */
async function searchPlatform(demo: Demo) {
  const { markers, control } = demo
  const result = searchFolder(join(demo.folder, 'recorded'), markers, [control])
  for (const content of await openedDatabases(join(demo.folder, 'platform'))) {
    result.searchedBytes += content.byteLength
    result.found += countMarkers(content, markers)
    result.controlFound += countMarkers(content, [control])
  }
  return { planted: markers.length, ...result }
}

function counted({ messagesIn, messagesOut }: { messagesIn: number; messagesOut: number }): boolean {
  return messagesIn + messagesOut > 0
}

/** What must hold for `ok`. */
function faultsOf(
  { killed }: Demo,
  { result, missingInFile }: Awaited<ReturnType<typeof gather>>,
  canary: Awaited<ReturnType<typeof searchPlatform>>,
): string[] {
  const { delivered, runtimes, bridges, components, auditLogs, deployment } = result
  const checks: [string, boolean][] = [
    ['the deployment came to its end', deployment.state === 'stopped'],
    ['rows were written', delivered.rowsWritten > 0],
    ['no row is missing', delivered.missing === 0],
    ['no row is missing in the file', missingInFile === 0],
    ['no row is double', delivered.duplicates === 0],
    ['exactly the rows meant to be refused were refused', delivered.refused === PLANTED_REFUSALS],
    ['what was written is what was read', delivered.sha256In === delivered.sha256Out],
    ['both Runtimes sent heartbeats', runtimes.every(({ heartbeats }) => heartbeats > 0)],
    ['bridges carried records', bridges.length > 0 && bridges.every(({ frames, bytes }) => frames > 0 && bytes > 0)],
    // A Runtime counts from its start: after one was killed, a part of its flow may have had nothing left to do.
    ['components counted records', killed || components.every(counted)],
    ['test results are in their dataset', result.testResults.records > 0],
    ['audit logs reached the Platform', auditLogs > 0],
    ['no marker reached the Platform', canary.found === 0],
    ['the search finds what is there', canary.controlFound > 0 && canary.searchedBytes > 0],
  ]
  return checks.filter(([, holds]) => !holds).map(([what]) => what)
}

/** The whole result of `demo --once`; stops the Platform, whose databases are then searched. Faults go to `progress`, one a line. */
export async function conclude(demo: Demo, signal: AbortSignal, progress: (line: string) => void) {
  progress('Counting what arrived, from the table and the files themselves')
  const gathered = await gather(demo, signal)
  progress('Searching all that the Platform received for customer data')
  await demo.platform.stop()
  const canary = await searchPlatform(demo)
  const faults = faultsOf(demo, gathered, canary)
  for (const fault of faults) progress(`Does not hold: ${fault}`)
  return { ok: faults.length === 0, ...gathered.result, canary }
}
