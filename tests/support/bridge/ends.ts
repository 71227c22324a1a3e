/** Two ends of a bridge as two Runtimes would have them, with their keys and certificates; each test changes what it is about. */
import { type Bytes, type Clock, Lifetime, systemClock, systemRandom, utf8 } from '../../../src/base/mod.ts'
import {
  type BridgeListener,
  type BridgeSink,
  type BridgeSource,
  type BridgeTerms,
  createHandshakes,
  type HandshakeClient,
  type InboundOptions,
  listenForBridges,
  openInbound,
  openOutbound,
} from '../../../src/bridge/mod.ts'
import { type AgreementKey, generateStoredKeyPair, loadAgreementKey } from '../../../src/crypto/mod.ts'
import { type Ack, type Batch, Records } from '../../../src/pipeline/mod.ts'
import type { WorkerBridge } from '../../../src/wire/mod.ts'
import { type TestAuthority, testAuthority } from '../certificates.ts'
import { memory } from '../pipeline/memory.ts'

export const BRIDGE = 'br_01990000-0000-7000-8000-000000000001'
export const LABEL = 'abcdefghij0123456789'
const DEPLOYMENT = 'dep_01990000-0000-7000-8000-000000000001'
const PEER = 'rt_01990000-0000-7000-8000-000000000001'

/** What both owners have agreed on: made once, it takes a while. */
export type Agreed = {
  sender: AgreementKey
  receiver: AgreementKey
  psk: Bytes
  authority: TestAuthority
  tls: { certificatePem: string; privateKeyPem: string }
}

export async function agree(): Promise<Agreed> {
  const authority = await testAuthority('cloud-01')
  return {
    sender: await agreementKey(),
    receiver: await agreementKey(),
    psk: systemRandom(32),
    authority,
    tls: await authority.issue({ dns: [LABEL] }),
  }
}

export async function agreementKey(): Promise<AgreementKey> {
  return loadAgreementKey(await generateStoredKeyPair('agree'))
}

/** Terms as the dialing sender (`out`) or the listening receiver (`in`) has them. */
export function termsOf(agreed: Agreed, direction: 'out' | 'in', changes: Partial<BridgeTerms> = {}): BridgeTerms {
  return {
    deployment: DEPLOYMENT,
    generation: 1,
    from: 'orders',
    to: ['warehouse'],
    direction,
    role: direction === 'out' ? 'dial' : 'listen',
    psk: agreed.psk,
    peerKey: direction === 'out' ? agreed.receiver.publicKey : agreed.sender.publicKey,
    ...changes,
  }
}

/** The main process of one Runtime, for one bridge. */
export function handshakesOf(agreement: AgreementKey, terms: BridgeTerms): HandshakeClient {
  return createHandshakes({
    keys: { agreement },
    bridgeOf: async (bridge) => (bridge === BRIDGE ? terms : undefined),
    clock: systemClock,
    random: systemRandom,
  })
}

/** The bridge as a worker has it: the sender dials, the receiver listens. */
export function workerBridge(agreed: Agreed, direction: 'out' | 'in', port = 0): WorkerBridge {
  return {
    bridge: BRIDGE,
    label: LABEL,
    direction,
    from: 'orders',
    to: ['warehouse'],
    peer: PEER,
    role: direction === 'out' ? 'dial' : 'listen',
    generation: 1,
    peerAuthority: agreed.authority.certificatePem,
    ...(direction === 'out' ? { address: { host: '127.0.0.1', port } } : { tls: agreed.tls }),
  }
}

export type EndChanges = Partial<Pick<InboundOptions, 'through' | 'clock' | 'handshakes' | 'checkpoints' | 'leaving'>>

export function openSender(agreed: Agreed, port: number, changes: EndChanges = {}): BridgeSink {
  return openOutbound({
    bridge: workerBridge(agreed, 'out', port),
    handshakes: handshakesOf(agreed.sender, termsOf(agreed, 'out')),
    clock: systemClock,
    random: systemRandom,
    ...changes,
  })
}

export function openReceiver(agreed: Agreed, changes: EndChanges = {}): BridgeSource {
  return openInbound({
    bridge: workerBridge(agreed, 'in'),
    handshakes: handshakesOf(agreed.receiver, termsOf(agreed, 'in')),
    checkpoints: memory().checkpoints,
    clock: systemClock,
    random: systemRandom,
    ...changes,
  })
}

/** A bridge port that routes the one label to whoever `owner` is at the moment. */
export function listen(
  owner: () => BridgeSource | undefined,
  clock: Clock = systemClock,
  port = 0,
): Promise<BridgeListener> {
  return listenForBridges({
    hostname: '127.0.0.1',
    port,
    route: (label) => {
      const source = label === LABEL ? owner() : undefined
      return source && ((socket, head, remainingMs) => source.accept(socket, head, remainingMs))
    },
    clock,
  })
}

export type Pair = { sink: BridgeSink; source: BridgeSource; listener: BridgeListener; lifetime: Lifetime }

/** Both ends, connected through a real port. */
export async function openPair(
  agreed: Agreed,
  changes: { sender?: EndChanges; receiver?: EndChanges; dialPort?: (port: number) => Promise<number> } = {},
): Promise<Pair> {
  const lifetime = new Lifetime()
  const source = lifetime.use(openReceiver(agreed, changes.receiver), (opened) => opened.close())
  const listener = lifetime.use(await listen(() => source), (opened) => opened.close())
  const port = (await changes.dialPort?.(listener.port)) ?? listener.port
  const sink = lifetime.use(openSender(agreed, port, changes.sender), (opened) => opened.close())
  return { sink, source, listener, lifetime }
}

/** A batch of `count` JSON lines that begin at `from`; each row knows its own position. */
export function batchOf(from: number, count: number, padding = ''): Batch {
  const lines = Array.from({ length: count }, (_, i) => `${JSON.stringify({ row_id: from + i, padding })}\n`)
  const bytes = utf8(lines.join(''))
  const offsets = new Uint32Array(count + 1)
  for (const [i, line] of lines.entries()) offsets[i + 1] = (offsets[i] ?? 0) + line.length
  const records = Records.fromEncoded({ format: 'json_lines', bytes, offsets, line: 1 })
  return { partition: 'in.jsonl', from, to: from + count, at: undefined, records }
}

/** The next batch; a test that meets the end here has failed. */
export async function readBatch(source: BridgeSource): Promise<{ batch: Batch; ack: Ack }> {
  const read = await source.read()
  if (read === 'end') throw new Error('the end came where a batch was due')
  return read
}

/** Reads and answers until `'end'`, or `countMax` batches; gives the row ids in their order. */
export async function readRows(source: BridgeSource, countMax = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const rows: unknown[] = []
  for (let count = 0; count < countMax; count++) {
    const read = await source.read()
    if (read === 'end') break
    rows.push(...read.batch.records.rows().map((row) => row['row_id']))
    read.ack()
  }
  return rows
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
