/** A whole Runtime in a temporary folder, its workers real processes, and its local API as its owner uses it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromUtf8 } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import { createMasterKeyFile } from '../../../src/keys/mod.ts'
import { type RunningRuntime, type RuntimeConfig, startRuntime } from '../../../src/runtime/mod.ts'
import { OWN_SERVER_NAME } from '../../../src/wire/mod.ts'

export type Api = {
  get(path: string): Promise<Answer>
  send(method: string, path: string, body?: unknown): Promise<Answer>
}
// biome-ignore lint/suspicious/noExplicitAny: what an API answers is looked into field by field by the test
export type Answer = { status: number; body: any }

export async function runtimeConfig(folder: string, changes: Partial<RuntimeConfig> = {}): Promise<RuntimeConfig> {
  const path = join(folder, 'master.key')
  await createMasterKeyFile(path).catch(() => undefined)
  return {
    ...{ data: join(folder, 'data'), masterKey: { kind: 'file' as const, path }, name: 'factory-01', files: folder },
    ...{ host: '127.0.0.1', port: 0, bridgePort: 0, publicHost: '127.0.0.1' },
    worker: { entry: fileURLToPath(new URL('./worker-entry.ts', import.meta.url)) },
    ...changes,
  }
}

export async function runningRuntime(
  folder: string,
  changes: Partial<RuntimeConfig> = {},
): Promise<{ runtime: RunningRuntime; api: Api }> {
  const config = await runtimeConfig(folder, changes)
  const runtime = await startRuntime(config)
  return { runtime, api: apiOf(config.data) }
}

/** The local API by the access file, as the command line reaches it. */
export function apiOf(data: string): Api {
  const { url, ca, token } = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8'))
  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await requestHttps(`${url}${path}`, {
      ...{ method, ca: [ca], serverName: OWN_SERVER_NAME, timeoutMs: 10_000, bytesMax: 16_777_216 },
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = fromUtf8(answer.body)
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { get: (path) => send('GET', path), send }
}
