/** What a worker is given at its start: its assignment without secrets, its certificates, its code, its dead letters' key. */
import { type Bytes, base64url } from '../../base/mod.ts'
import type { AssignedBridge, Assignment, WorkerBridge, WorkerStart, WorkerTls } from '../../wire/mod.ts'
import { PeerNotFound } from '../errors.ts'
import type { CodeFiles } from '../state/code-files.ts'
import type { Peers } from '../state/peers.ts'

/** Refused records kept of one deployment: 256 MiB. Beyond it the flow waits until its owner drops some. */
export const DEAD_LETTER_BYTES_MAX = 268_435_456

export type WorkerStartDeps = {
  files: string
  /** The Runtime's data folder. */
  data: string
  /** The folders that the owner's rules allow; `any` for no such limit. */
  fileRoots: 'any' | readonly string[]
  peers: Peers
  code: CodeFiles
  /** A leaf for a bridge's label, under the Runtime's own authority. */
  leaf: (label: string) => Promise<WorkerTls>
  deadLetters: (deployment: string) => Promise<{ folder: string; key: Bytes }>
  /** One batch in so many is followed; default: none. */
  traceOneIn?: number | undefined
}

/** Refuses with `peer.not_found` when the owner took a peer of it back. */
export async function workerStart(assignment: Assignment, deps: WorkerStartDeps): Promise<WorkerStart> {
  const { deployment, version, components } = assignment
  const hashes = new Set(components.flatMap((component) => (component.code ? [component.code.sha256] : [])))
  const code: WorkerStart['code'] = []
  for (const sha256 of hashes) {
    const content = await deps.code.find(sha256)
    if (content) code.push({ sha256, content: base64url(content) })
  }
  const { folder, key } = await deps.deadLetters(deployment)
  return {
    ...{ files: deps.files, closed: deps.data, deployment, version, components, code },
    ...(deps.fileRoots !== 'any' && { roots: [...deps.fileRoots] }),
    bridges: await Promise.all(assignment.bridges.map((bridge) => workerBridge(bridge, deps))),
    deadLetters: { folder, key: base64url(key), bytesMax: DEAD_LETTER_BYTES_MAX },
    ...(deps.traceOneIn !== undefined && { traceOneIn: deps.traceOneIn }),
  }
}

async function workerBridge(assigned: AssignedBridge, deps: WorkerStartDeps): Promise<WorkerBridge> {
  const { secret: _secret, address, ...bridge } = assigned
  const peer = await deps.peers.find(bridge.peer)
  if (!peer) throw new PeerNotFound(`the peer ${bridge.peer} is not accepted`)
  return {
    ...{ ...bridge, peerAuthority: peer.authority },
    ...(bridge.role === 'dial' && address && { address }),
    ...(bridge.role === 'listen' && { tls: await deps.leaf(bridge.label) }),
  }
}
