/** A real Platform on 127.0.0.1 in a folder of its own, with its first tenant, and the way to its API. */
import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { base64url, type Clock, fromUtf8, systemRandom } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import {
  ANY_FIELDS,
  csvFileSource,
  defineTransform,
  jsonLinesFileSink,
  mapTransform,
} from '../../../src/pipeline/mod.ts'
import {
  type PlatformConfig,
  type RunningPlatform,
  startPlatform,
  type TenantPlace,
} from '../../../src/platform/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../folder.ts'

/** A transform with code, which nothing here ever opens: the Platform does not run components. */
const script = defineTransform({
  type: 'script',
  summary: 'Runs a script.',
  config: v.strictObject({}),
  code: { summary: 'The script.' },
  touches: () => ({}),
  example: {},
  fields: () => ANY_FIELDS,
  open: () => Promise.reject(new RangeError('the Platform runs no components')),
})

export const catalogue = new Map(
  [csvFileSource, mapTransform, jsonLinesFileSink, script].map((definition) => [definition.type, definition] as const),
) as unknown as PlatformConfig['catalogue']

export type Answer = { status: number; body: Record<string, unknown>; text: string; headers: Record<string, string> }
export type Api = (method: string, path: string, body?: unknown) => Promise<Answer>

export class PlatformHost implements AsyncDisposable {
  platform: RunningPlatform
  readonly #config: PlatformConfig
  readonly #folder: TemporaryFolder

  private constructor(
    folder: TemporaryFolder,
    config: PlatformConfig,
    platform: RunningPlatform,
    readonly tenant: TenantPlace,
    readonly token: string,
  ) {
    this.#folder = folder
    this.#config = config
    this.platform = platform
  }

  static async start(changes: Partial<PlatformConfig> = {}): Promise<PlatformHost> {
    const folder = memoryFolder()
    const value = base64url(systemRandom(32))
    const config: PlatformConfig = {
      ...{
        data: folder.path,
        host: '127.0.0.1',
        port: 0,
        publicHost: '127.0.0.1',
        catalogue,
        allowPrivateAddresses: true,
      },
      masterKey: { kind: 'value', value },
      ...changes,
    }
    const platform = await startPlatform(config)
    const tenant = await platform.createTenant({ name: 'Example', owner: 'ada' })
    const { token } = JSON.parse(await readFile(folder.file('access.json'), 'utf8'))
    return new PlatformHost(folder, config, platform, tenant, token)
  }

  get folder(): string {
    return this.#folder.path
  }

  /** Ends the process's part and starts it again over the same folder, at the same port. */
  async restart(changes: Partial<PlatformConfig> = {}): Promise<void> {
    const { port } = this.platform
    await this.platform.close()
    this.platform = await startPlatform({ ...this.#config, port, ...changes })
  }

  get api(): Api {
    return this.apiAs(this.token, this.tenant.id)
  }

  apiAs(token: string | undefined, tenant: string): Api {
    return (method, path, body) =>
      this.send(method, `/t/${tenant}${path}`, {
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
        ...(body !== undefined && { json: body }),
      })
  }

  async send(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; json?: unknown; body?: string } = {},
  ): Promise<Answer> {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json)
    const answer = await requestHttps(`${this.platform.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(options.json !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body !== undefined && { body }),
      ca: [this.platform.authority],
      timeoutMs: 10_000,
      bytesMax: 8_388_608,
    })
    const text = fromUtf8(answer.body)
    const isJson = (answer.headers['content-type'] ?? '').includes('json')
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : {} }
  }

  async enrolmentCode(options: object = {}): Promise<{ id: string; code: string; expires: string }> {
    const { body } = await this.api('POST', '/v1/enrolment-codes', options)
    return v.parse(v.object({ id: v.string(), code: v.string(), expires: v.string() }), body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform.close()
    this.#folder[Symbol.dispose]()
  }
}

/** The machine's time, with a difference that a test chooses. */
export function shiftedClock(base: Clock): Clock & { shiftMs: number } {
  const clock = {
    shiftMs: 0,
    now: () => base.now() + clock.shiftMs,
    monotonic: () => base.monotonic() + clock.shiftMs,
    sleep: (ms: number, signal?: AbortSignal) => base.sleep(ms, signal),
  }
  return clock
}
