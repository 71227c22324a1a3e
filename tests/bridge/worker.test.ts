import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBase64url, Lifetime, systemClock } from '../../src/base/mod.ts'
import { type BridgeListener, listenForBridges } from '../../src/bridge/mod.ts'
import { type ChildHandle, spawnSelf } from '../../src/host/mod.ts'
import {
  type Agreed,
  agree,
  BRIDGE,
  batchOf,
  handshakesOf,
  LABEL,
  openSender,
  range,
  termsOf,
  workerBridge,
} from '../support/bridge/ends.ts'
import { type FromParent, keysToText, type ToParent, toText } from '../support/bridge/worker-channel.ts'

let lifetime: Lifetime
beforeEach(() => {
  lifetime = new Lifetime()
})
afterEach(() => lifetime.close())

/** A Runtime's main process: port, keys and handshakes here, records in the worker. */
class Main {
  readonly #agreed: Agreed
  readonly #file: string
  worker: ChildHandle | undefined
  listener: BridgeListener | undefined

  constructor(agreed: Agreed, file: string) {
    this.#agreed = agreed
    this.#file = file
  }

  async listen(): Promise<number> {
    this.listener = await listenForBridges({
      hostname: '127.0.0.1',
      port: 0,
      clock: systemClock,
      route: (label) =>
        label === LABEL
          ? (socket, head, remainingMs) =>
              void this.worker
                ?.send({ say: 'socket', head: toText(head), remainingMs } satisfies FromParent, socket)
                .catch(() => socket.destroy())
          : undefined,
    })
    return this.listener.port
  }

  async startWorker(): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.worker = spawnSelf([], {
        entry: join(import.meta.dirname, 'fixtures/receiving-worker.ts'),
        onMessage: (message) => this.#receive(message as ToParent, resolve),
      })
    })
    await this.#tell({ say: 'start', bridge: workerBridge(this.#agreed, 'in'), file: this.#file })
    await ready
  }

  /** Ids of the rows that workers have written down, in their order. */
  rows(): number[] {
    return readFileSync(this.#file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => Number(JSON.parse(line).row_id))
  }

  async close(): Promise<void> {
    await this.listener?.close()
    this.worker?.kill('SIGKILL')
    await this.worker?.exited
  }

  #tell(message: FromParent): Promise<void> {
    return this.worker?.send(message) ?? Promise.resolve()
  }

  #receive(message: ToParent, onReady: () => void): void {
    if (message.say === 'ready') onReady()
    else void this.#answer(message.id, message.bridge, message.message)
  }

  async #answer(id: number, bridge: string, message: string): Promise<void> {
    const handshakes = handshakesOf(this.#agreed.receiver, termsOf(this.#agreed, 'in'))
    const answered = await handshakes.answer(bridge, fromBase64url(message)).catch(() => undefined)
    const answer = answered && { message: toText(answered.message), keys: keysToText(answered.keys) }
    await this.#tell({ say: 'answered', id, ...(answer && { answer }) })
  }
}

describe('a worker process that was handed the socket', () => {
  test('receives; killed in the middle, its successor goes on, and what was acknowledged does not come again', async () => {
    const agreed = await agree()
    const folder = lifetime.use(await mkdtemp(join(tmpdir(), 'sluice-bridge-')), (made) =>
      rm(made, { recursive: true }),
    )
    const main = lifetime.use(new Main(agreed, join(folder, 'rows.jsonl')), (opened) => opened.close())
    const port = await main.listen()
    await main.startWorker()
    const sink = lifetime.use(openSender(agreed, port), (opened) => opened.close())
    const acknowledged = new Set<number>()
    const write = (i: number): Promise<void> =>
      sink.write(batchOf(i * 10, 10)).then(() => void acknowledged.add(i * 10))
    const first = Array.from({ length: 20 }, (_, i) => write(i))
    await first[9]
    main.worker?.kill('SIGKILL')
    await main.worker?.exited
    const before = new Set(acknowledged)
    const seen = main.rows()
    await main.startWorker()
    await Promise.all([...first, ...Array.from({ length: 20 }, (_, i) => write(20 + i))])
    const after = main.rows().slice(seen.length)
    expect([...new Set([...seen, ...after])].sort((a, b) => a - b)).toEqual(range(0, 400))
    expect(after.filter((row) => before.has(row - (row % 10)))).toEqual([])
    expect(after).toEqual([...after].sort((a, b) => a - b))
    expect(sink.status()).toMatchObject({ bridge: BRIDGE, state: 'up' })
  })
})
