import { expect } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { fromUtf8, hex, systemClock, systemRandom } from '../../src/base/mod.ts'
import { countMarkers } from '../../src/cli/demo/canary.ts'
import { freePort } from '../../src/cli/demo/stage.ts'
import { requestHttps } from '../../src/host/mod.ts'
import { loadMasterKey, openKeyring } from '../../src/keys/mod.ts'
import { runtimeDatabase } from '../../src/store/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { sshVectors } from '../support/keys/ssh-vectors.ts'
import { tokenEndpoint } from '../support/keys/token-endpoint.ts'
import { slowTest } from '../support/quick.ts'
import { copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { apiOf } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

/** Random, so that nothing else can hold it, and of letters and digits only: it looks the same in a URL. */
const MARKER = `Canary${hex(systemRandom(6))}`
const MAIN = join(import.meta.dirname, '../../src/main.ts')

type Started = { child: ChildProcess; said: string[]; data: string; stop(): Promise<void> }

/** The Runtime as a process of its own: what it and its workers write to the terminal is kept. */
async function startRuntime(folder: TemporaryFolder): Promise<Started> {
  const data = folder.file('data')
  const ports = ['--port', `${await freePort()}`, '--bridge-port', `${await freePort()}`]
  const words = ['runtime', '--name', 'factory-01', '--host', '127.0.0.1', '--public-host', '127.0.0.1', ...ports]
  const child = spawn(process.execPath, [MAIN, ...words, '--data', data, '--files', folder.path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', SLUICE_LOG: 'debug', DB_URL: `nonsense://${MARKER}@host/x` },
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
  await until('the Runtime is ready', () => said.join('').includes('is ready'))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    await ended
  }
  return { child, said, data, stop }
}

/** Every answer of the API and every page, as text. */
function asking(data: string, answers: string[]) {
  const { url, ca, token } = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8'))
  return async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const answer = await requestHttps(`${url}${path}`, {
      ...{ method, ca: [ca], timeoutMs: 60_000, bytesMax: 16_777_216 },
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = fromUtf8(answer.body)
    answers.push(`${path} ${JSON.stringify(answer.headers)} ${text}`)
    return { status: answer.status, text }
  }
}

/** Every cell of every table but the sealed ones, as text. */
async function tablesOf(data: string): Promise<string> {
  const master = await loadMasterKey({ kind: 'file', path: join(data, 'master.key') })
  const keyring = await openKeyring({
    path: join(data, 'keyring.json'),
    master,
    clock: systemClock,
    random: systemRandom,
  })
  const key = await keyring.secretFor('database', 'runtime')
  const db = await runtimeDatabase(join(data, 'runtime.db'), key)
  const cells: string[] = []
  for (const { name } of await db.all<{ name: string }>(sql`SELECT name FROM sqlite_schema WHERE type = 'table'`)) {
    for (const row of await db.all<Record<string, unknown>>(sql`SELECT * FROM ${sql.identifier(name)}`)) {
      const { sealed: _sealed, ...rest } = row
      for (const cell of Object.values(rest)) cells.push(textOf(cell))
    }
  }
  db.close()
  return cells.join('\n')
}

function textOf(cell: unknown): string {
  if (cell instanceof ArrayBuffer) return Buffer.from(cell).toString('latin1')
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell)
}

function filesOf(folder: string): Buffer[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path))
}

slowTest(
  'no value of a credential leaves by an answer, a page, a log, an error, the Platform or a file, whatever fails',
  async () => {
    using folder = temporaryFolder()
    await using platform = await ScriptedPlatform.start()
    await using endpoint = await tokenEndpoint()
    const answers: string[] = []
    // What betrays stands outside of the data folder and of what is searched.
    const outside = temporaryFolder()
    const script = outside.file('betrayal')
    writeFileSync(script, `#!/bin/sh\necho ${MARKER}\necho ${MARKER} >&2\nexit 3\n`)
    chmodSync(script, 0o700)
    writeFileSync(outside.file('secret'), `${MARKER}\n`)
    const runtime = await startRuntime(folder)
    const ask = asking(runtime.data, answers)
    const ssh = sshVectors[1]
    const good = {
      password: { kind: 'password', fields: { username: `user${MARKER}`, password: `pass${MARKER}` } },
      token: { kind: 'token', fields: { token: `tok${MARKER}` } },
      s3: { kind: 's3', fields: { accessKeyId: MARKER, secretAccessKey: MARKER, bucket: MARKER } },
      ssh: { kind: 'ssh_key', fields: { privateKey: ssh?.privateKey, passphrase: MARKER, username: MARKER } },
      url: { kind: 'database_url', fields: { url: `file:/nowhere/${MARKER}/x.db`, encryptionKey: MARKER } },
      oauth: {
        kind: 'oauth2_client',
        fields: {
          tokenUrl: endpoint.url,
          authority: endpoint.authority,
          clientId: MARKER,
          clientSecret: MARKER,
          scope: MARKER,
        },
      },
      free: { fields: { anything: MARKER } },
      environment: { kind: 'database_url', fields: { url: { environment: 'DB_URL' } } },
      file: { kind: 'database_url', fields: { url: { file: outside.file('secret') } } },
      command: { kind: 'database_url', fields: { url: { command: [script, MARKER] } } },
    }
    for (const [name, body] of Object.entries(good)) {
      expect((await ask('PUT', `/v1/credentials/${name}`, body)).status).toBe(200)
    }
    for (const body of [
      { kind: 'database_url', fields: { url: MARKER } },
      { kind: 'ssh_key', fields: { privateKey: MARKER } },
      { kind: 'password', fields: { password: MARKER, extra: MARKER } },
      { kind: 's3', fields: { accessKeyId: MARKER } },
      { kind: 'password', fields: { password: { environment: `A=${MARKER}` } } },
      { kind: 'password', fields: { password: [MARKER] } },
      { fields: { password: { command: [MARKER], unknown: MARKER } } },
      { fields: { token: MARKER }, kind: 7 },
    ]) {
      expect((await ask('PUT', '/v1/credentials/bad', body)).status).toBeGreaterThanOrEqual(400)
    }
    mkdirSync(folder.file('out'))
    writeRows(folder, 5)
    const { api } = { api: apiOf(runtime.data) }
    expect((await api.send('POST', '/v1/enrolment', { code: platform.code() })).status).toBe(201)
    let version = 0
    // A sink with each of these fails in its own way: nothing at the path, a bad URL, a file, a command that betrays, a bad token.
    for (const credential of ['url', 'environment', 'file', 'command', 'oauth']) {
      version++
      const flow = copyFlow({ version })
      const components = flow.components.map((component) =>
        component.type === 'libsql_table' ? { ...component, config: { credential, table: 'orders' } } : component,
      )
      endpoint.answers.push(() => ({ status: 400, body: { error: 'invalid_client', error_description: MARKER } }))
      expect((await platform.deploy({ ...flow, components })).outcome).toBe('awaiting-approval')
      expect((await ask('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version })).status).toBe(200)
      await until(`version ${version} has failed`, async () => {
        const { body } = await api.get(`/v1/deployments/${DEPLOYMENT}`)
        // Where trying again may help the component says why; otherwise its worker ends and is started again.
        return body.version === version && /"failed"|"reason":\{/.test(JSON.stringify(body))
      })
      const tried = await ask('POST', `/v1/credentials/${credential}/check`, {})
      expect(JSON.parse(tried.text).checked[0].failure.code).toMatch(/^(credential|libsql_table)\./)
    }
    const pages = [
      '/',
      '/credentials',
      '/deployments',
      `/deployments/${DEPLOYMENT}`,
      '/audit',
      '/peers',
      '/settings/libraries',
    ]
    const api1 = [
      'status',
      'credentials',
      'credentials/url',
      'deployments',
      `deployments/${DEPLOYMENT}`,
      'audit',
      'logs',
      'peers',
    ]
    for (const path of [
      ...pages,
      ...Object.keys(good).map((name) => `/credentials/${name}`),
      ...api1.map((one) => `/v1/${one}`),
    ]) {
      expect({ path, status: (await ask('GET', path)).status }).toEqual({ path, status: 200 })
    }
    expect((await ask('DELETE', '/v1/credentials/oauth')).status).toBe(409)
    await platform.ping()
    await runtime.stop()
    const leaks = {
      answers: countMarkers(Buffer.from(answers.join('\n')), [MARKER]),
      terminal: countMarkers(Buffer.from(runtime.said.join('\n')), [MARKER]),
      platform: countMarkers(Buffer.from(platform.received.join('\n')), [MARKER]),
      tables: countMarkers(Buffer.from(await tablesOf(runtime.data), 'latin1'), [MARKER]),
      files: filesOf(folder.path).reduce((sum, file) => sum + countMarkers(file, [MARKER]), 0),
    }
    expect(leaks).toEqual({ answers: 0, terminal: 0, platform: 0, tables: 0, files: 0 })
    // The search itself works: what was looked through is all there, and the marker would be found.
    expect(answers.length).toBeGreaterThan(30)
    expect(runtime.said.join('')).toContain('the worker of a deployment failed')
    expect(await tablesOf(runtime.data)).toContain('credential.set')
    expect(countMarkers(readFileSync(outside.file('secret')), [MARKER])).toBe(1)
    outside[Symbol.dispose]()
  },
  150_000,
)
