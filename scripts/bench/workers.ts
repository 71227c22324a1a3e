/** Workers as a Runtime runs them: the same process, channel, questions and handed-over sockets, without the Runtime around them. */
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { base64url, newId, systemClock, systemRandom } from '../../src/base/mod.ts'
import {
  type BridgeTerms,
  createHandshakes,
  type HandshakeClient,
  listenForBridges,
  type SessionKeys,
} from '../../src/bridge/mod.ts'
import {
  type AgreementKey,
  createAuthority,
  generateStoredKeyPair,
  issueLeaf,
  loadAgreementKey,
  loadAuthority,
} from '../../src/crypto/mod.ts'
import { WORKER_MEMORY_BYTES_MAX } from '../../src/runtime/config.ts'
import { launcher, type WorkerProcess } from '../../src/runtime/supervision/worker-process.ts'
import type { WorkerBridge, WorkerNews, WorkerSessionKeys, WorkerStart } from '../../src/wire/mod.ts'
import { bundleForNode } from '../compile.ts'
import type { Scratch } from './scratch.ts'

const root = join(import.meta.dirname, '..', '..')
const ENTRIES = {
  product: new URL('../../src/main.ts', import.meta.url),
  bench: new URL('./worker-entry.ts', import.meta.url),
}

/**
 * Bundles the product's own entry, or the one that also knows `bench_overwrite`: loading 300 sources takes seconds on a busy machine,
 * and no customer runs them. The folder is inside the checkout, so that libSQL's addon is found from there.
 */
export async function bundleWorker(scratch: Scratch, entry: keyof typeof ENTRIES): Promise<string> {
  const folder = join(root, '.tmp', `bench-${basename(scratch.folder)}`)
  scratch.lifetime.defer(() => rm(folder, { recursive: true, force: true }))
  const bundle = join(folder, `${entry}.mjs`)
  await bundleForNode(fileURLToPath(ENTRIES[entry]), bundle)
  return bundle
}

const LABEL = 'benchbenchbenchbench'
const [clock, random] = [systemClock, systemRandom]

type Components = WorkerStart['components']
type Status = Extract<WorkerNews, { news: 'status' }>
type Finished = Extract<WorkerNews, { news: 'finished' }>

export type RunningWorker = {
  process: WorkerProcess
  /** Its last counts, once its flow has come to its end and the process is gone; throws when it failed. */
  ended: Promise<Status>
}

/** Starts a worker with the given components, and with its end of a bridge if it has one. */
export function startWorker(
  scratch: Scratch,
  options: { entry: string; components: Components; bridge?: WorkerBridge; handshakes?: HandshakeClient },
): RunningWorker {
  const { entry, components, bridge, handshakes } = options
  const told = Promise.withResolvers<Finished>()
  let last: Status | undefined
  const worker = launcher(() => WORKER_MEMORY_BYTES_MAX, { entry })({
    answers: answersOf(handshakes),
    onNews: (news) => {
      if (news.news === 'status') last = news
      else if (news.news === 'finished') told.resolve(news)
    },
    onBroken: (error) => told.reject(error),
  })
  scratch.lifetime.defer(() => worker.kill('SIGKILL'))
  worker.exited.then(() => told.reject(new Error('a worker died')), told.reject)
  told.promise.catch(() => undefined)
  const start = worker.ask('start', {
    files: scratch.folder,
    closed: join(scratch.folder, 'data'),
    deployment: newId('dep', clock, random) as `dep_${string}`,
    version: 1,
    components,
    bridges: bridge ? [bridge] : [],
    code: [],
    deadLetters: { folder: join(scratch.folder, `letters-${worker.pid}`), key: base64url(random(32)), bytesMax: 1e9 },
  })
  const ended = start.then(async () => {
    const { how, failure } = await told.promise
    if (how !== 'ended' || !last) throw new Error(`a worker ${how}: ${failure?.code ?? ''} ${failure?.message ?? ''}`)
    await worker.exited
    return last
  })
  return { process: worker, ended: abortable(ended, scratch.signal) }
}

/** A main process that remembers in memory; it is asked over the same channel as the real one. */
function answersOf(handshakes: HandshakeClient | undefined): Parameters<ReturnType<typeof launcher>>[0]['answers'] {
  const positions = new Map<string, Map<string, number>>()
  const none = (): never => {
    throw new Error('a bench has no such thing')
  }
  return {
    'checkpoints-load': async ({ component }) => ({ positions: [...(positions.get(component) ?? [])] }),
    'checkpoints-save': async ({ component, positions: saved }) => {
      positions.set(component, new Map([...(positions.get(component) ?? []), ...saved]))
      return {}
    },
    'checkpoints-forget': none,
    credential: none,
    'handshake-begin': async ({ bridge }) => {
      const { session, message } = await (handshakes ?? none()).begin(bridge)
      return { session, message: base64url(message) }
    },
    'handshake-answer': async ({ bridge, message }) => {
      const answered = await (handshakes ?? none()).answer(bridge, bytesOf(message))
      return { message: base64url(answered.message), keys: keysAsText(answered.keys) }
    },
    'handshake-finish': async ({ session, message }) => ({
      keys: keysAsText(await (handshakes ?? none()).finish(session, bytesOf(message))),
    }),
  }
}

/** What both ends of a bridge need beforehand; a Runtime makes it long before records flow. */
export type BridgeReady = {
  out: { bridge: (port: number) => WorkerBridge; handshakes: HandshakeClient }
  in: { bridge: WorkerBridge; handshakes: HandshakeClient }
}

/** `from` is the component whose records cross, `to` the one that takes them. */
export async function prepareBridge(from: string, to: string): Promise<BridgeReady> {
  const [sender, receiver] = [await agreementKey(), await agreementKey()]
  const authority = await loadAuthority(await createAuthority({ name: 'bench', clock, random }))
  const tls = await issueLeaf(authority, { dnsNames: [LABEL], ipAddresses: [], lifetimeMs: 3_600_000, clock })
  const bridge = newId('br', clock, random) as `br_${string}`
  const peer = newId('rt', clock, random) as `rt_${string}`
  const terms = { deployment: newId('dep', clock, random), generation: 1, from, to: [to], psk: random(32) }
  const common = { bridge, label: LABEL, from, to: [to], peer, generation: 1, peerAuthority: authority.certificatePem }
  const outTerms: BridgeTerms = { ...terms, direction: 'out', role: 'dial', peerKey: receiver.publicKey }
  const inTerms: BridgeTerms = { ...terms, direction: 'in', role: 'listen', peerKey: sender.publicKey }
  return {
    out: {
      bridge: (port) => ({ ...common, direction: 'out', role: 'dial', address: { host: '127.0.0.1', port } }),
      handshakes: handshakesOf(sender, outTerms),
    },
    in: { bridge: { ...common, direction: 'in', role: 'listen', tls }, handshakes: handshakesOf(receiver, inTerms) },
  }
}

/** Runs a flow through two workers and the bridge between them, as two Runtimes would; gives the counts of the receiving one. */
export async function runBridged(
  scratch: Scratch,
  ready: BridgeReady,
  flow: { entry: string; source: Components; sink: Components },
): Promise<Status> {
  const { entry, source, sink } = flow
  const receiver = startWorker(scratch, { entry, components: sink, ...ready.in })
  const listener = await listenForBridges({
    ...{ hostname: '127.0.0.1', port: 0, clock },
    route: (label) =>
      label === LABEL
        ? (socket, head, remainingMs) =>
            void receiver.process.passSocket(ready.in.bridge.bridge, { socket, head, remainingMs })
        : undefined,
  })
  try {
    const { bridge, handshakes } = ready.out
    const sender = startWorker(scratch, { entry, components: source, bridge: bridge(listener.port), handshakes })
    const [status] = await Promise.all([receiver.ended, sender.ended])
    return status
  } finally {
    await listener.close()
  }
}

async function agreementKey(): Promise<AgreementKey> {
  return loadAgreementKey(await generateStoredKeyPair('agree'))
}

function handshakesOf(agreement: AgreementKey, terms: BridgeTerms): HandshakeClient {
  return createHandshakes({ keys: { agreement }, bridgeOf: async () => terms, clock, random })
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

function keysAsText({ send, receive, handshakeHash, chainingKey }: SessionKeys): WorkerSessionKeys {
  return {
    send: base64url(send),
    receive: base64url(receive),
    handshakeHash: base64url(handshakeHash),
    chainingKey: base64url(chainingKey),
  }
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
