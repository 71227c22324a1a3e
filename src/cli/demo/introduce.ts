/** What people do before the first deployment: enrol both Runtimes, introduce them to each other, store a credential, make the table. */
import { createClient as openLibsql } from '@libsql/client/sqlite3'
import { EnrolmentCodeAnswer, Introduction, PlatformLink, readAs, StoredBlueprint } from '../answers.ts'
import type { Server } from './stage.ts'
import { until } from './until.ts'

/** The customer's own table; its CHECK is what makes the driver refuse a planted row. */
const PLACES = `CREATE TABLE IF NOT EXISTS places (
  row_id TEXT PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (length(state) <= 2), region INTEGER, latitude REAL NOT NULL, longitude REAL NOT NULL
) STRICT`

/** Enrols a Runtime with a code that the Platform makes for it; returns its id. */
export async function enrol(platform: Server, runtime: Server, signal: AbortSignal): Promise<string> {
  const { code } = readAs(EnrolmentCodeAnswer, await platform.client.request('POST', '/v1/enrolment-codes', {}))
  await runtime.client.request('POST', '/v1/enrolment', { code })
  return until(`${runtime.name} to be enrolled`, signal, async () => {
    const link = readAs(PlatformLink, await runtime.client.get('/v1/enrolment'))
    return link.state === 'enrolled' && link.runtime ? link.runtime : undefined
  })
}

/** Each owner accepts the other's introduction. */
export async function introducePeers(a: Server, b: Server): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { introduction } = readAs(Introduction, await from.client.request('POST', '/v1/peers/introduction'))
    await to.client.request('POST', '/v1/peers', { introduction })
  }
}

/** Makes the warehouse with its table, encrypted, and stores how to open it in the Runtime's vault. */
export async function makeWarehouse(cloud: Server, path: string, encryptionKey: string): Promise<void> {
  const database = openLibsql({ url: `file:${path}`, encryptionKey })
  await database.execute(PLACES)
  database.close()
  await cloud.client.request('PUT', '/v1/credentials/warehouse', { fields: { url: `file:${path}`, encryptionKey } })
}

/** Control: a marker that the Platform gets on purpose, so that the search for the others is known to find things. */
export async function sendControlMarker(platform: Server, marker: string): Promise<void> {
  const source = `blueprint: control\ndescription: ${marker}\nsystems: { factory: { runtime: factory-01 } }\ncomponents:\n  in: { type: csv_file, on: factory, config: { paths: [in/none.csv] } }\n  out: { type: json_lines_file, on: factory, from: in, config: { path: out/none.jsonl } }\n`
  readAs(StoredBlueprint, await platform.client.request('POST', '/v1/blueprints', { source, code: {} }))
}
