/**
 * Fills the data folder of a Runtime as a bench wants it: deployments that have ended, and a long log of theirs. A program of its own,
 * since a connection to a database that is closed lives on until it is collected, and would then tidy up below the Runtime's feet:
 *   bun management-seed.ts DATA DEPLOYMENTS LINES IDS      writes the ids of the deployments as JSON into the file IDS
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lifetime, newId, rfc3339, systemClock, systemRandom, utf8 } from '../../src/base/mod.ts'
import { createMasterKeyFile } from '../../src/keys/mod.ts'
import { openState, type RuntimeState } from '../../src/runtime/open-state.ts'
import type { Assignment } from '../../src/wire/mod.ts'

/** Lines that one append takes. */
const LINES_AT_ONCE = 1_000

type Seed = { deployments: number; logLines: number }

const [data = '', deployments, logLines, idsFile = ''] = process.argv.slice(2)
const seeded = await seedRuntime(data, join(data, 'files'), {
  deployments: Number(deployments),
  logLines: Number(logLines),
})
writeFileSync(idsFile, JSON.stringify(seeded))

/** The ids of the deployments, whose state is that of flows that have ended. */
async function seedRuntime(data: string, files: string, seed: Seed): Promise<string[]> {
  await using lifetime = new Lifetime()
  const masterKey = { kind: 'file' as const, path: join(data, 'master.key') }
  await createMasterKeyFile(masterKey.path)
  const config = { data, files, masterKey, name: 'bench', host: '127.0.0.1', port: 0, bridgePort: 0 }
  const state = await openState(
    { ...config, publicHost: '127.0.0.1' },
    { clock: systemClock, random: systemRandom, lifetime },
  )
  const ids = Array.from({ length: seed.deployments }, () => newId('dep', systemClock, systemRandom))
  for (const [i, deployment] of ids.entries()) await keepDeployment(state, deployment, i)
  await writeLog(state, ids, seed.logLines)
  return ids
}

async function keepDeployment({ assignments, counts }: RuntimeState, deployment: string, i: number): Promise<void> {
  const assignment = assignmentOf(deployment, i)
  const facts = {
    place: 'current',
    state: 'stopped',
    reasons: [{ code: 'flow.ended' }],
    digest: '',
    signature: '',
  } as const
  await assignments.keep(assignment, facts)
  const components = assignment.components.map(({ name, type }) => ({
    ...{ name, type, state: 'stopped' as const, messagesIn: 1e6, messagesOut: 1e6, bytesIn: 1e8, bytesOut: 1e8 },
    ...{ errors: 0, retries: 0, executionMs: 1e4, refused: 0 },
  }))
  await counts.save(deployment, 1, { components, bridges: [], deadLetters: 0 })
}

function assignmentOf(deployment: string, i: number): Assignment {
  const component = (name: string, type: string, from: string[], config: Record<string, unknown>) => ({
    ...{ name, type, from, config },
  })
  return {
    ...{ format: 1, version: 1, blueprint: `orders-${i}`, system: 'here', bridges: [], classification: {} },
    tenant: newId('ten', systemClock, systemRandom) as Assignment['tenant'],
    runtime: newId('rt', systemClock, systemRandom) as Assignment['runtime'],
    deployment: deployment as Assignment['deployment'],
    issuedAt: rfc3339(systemClock.now()),
    components: [
      component('orders', 'csv_file', [], { paths: ['in/*.csv'] }),
      component('large', 'filter', ['orders'], { where: 'quantity != ""' }),
      component('tidy', 'map', ['large'], { set: { seen: 'true' } }),
      component('kept', 'json_lines_file', ['tidy'], { path: `out/${i}.jsonl` }),
    ],
  }
}

async function writeLog({ journals }: RuntimeState, ids: readonly string[], lines: number): Promise<void> {
  const startMs = systemClock.now() - lines * 10
  const lineAt = (row: number): Uint8Array =>
    utf8(
      JSON.stringify({
        ...{ component: 'orders', level: row % 50 === 0 ? 'warning' : 'info', template: 'component.retrying' },
        ...{ at: rfc3339(startMs + row * 10), deployment: ids[row % ids.length], fields: { tried: row } },
      }),
    )
  for (let row = 0; row < lines; row += LINES_AT_ONCE)
    await journals['logs']?.append(Array.from({ length: LINES_AT_ONCE }, (_, i) => lineAt(row + i)))
}
