/** Answers what a worker asks: for its own deployment, the credentials and bridges that its assignment names, and nothing else. */
import { base64url, fromBase64url } from '../../base/mod.ts'
import type { HandshakeClient, SessionKeys } from '../../bridge/mod.ts'
import type { Answers, Assignment, WorkerSessionKeys, workerAsks } from '../../wire/mod.ts'
import { WorkerForbidden } from '../errors.ts'
import type { CheckpointStore } from '../state/checkpoints.ts'

/** Handshakes of one worker that are begun and not finished; a bridge has one at a time. */
const SESSIONS_MAX = 64

export type DeskDeps = {
  checkpoints: CheckpointStore
  /** Uses a credential by its name. */
  credential: (name: string) => Promise<Record<string, string>>
  handshakes: HandshakeClient
  /** Names that this assignment's components use. */
  credentials: ReadonlySet<string>
}

export function deskFor(assignment: Assignment, deps: DeskDeps): Answers<typeof workerAsks> {
  const { deployment } = assignment
  const { checkpoints, handshakes } = deps
  // An inbound bridge keeps that its sender has ended among the checkpoints of its remote component.
  const inbound = assignment.bridges.flatMap((bridge) => (bridge.direction === 'in' ? [bridge.from] : []))
  const components = new Set([...assignment.components.map((component) => component.name), ...inbound])
  const bridges = new Set<string>(assignment.bridges.map((bridge) => bridge.bridge))
  const sessions = new Set<string>()

  function own(known: ReadonlySet<string>, name: string): string {
    if (!known.has(name)) throw new WorkerForbidden('the assignment does not name what its worker asks for')
    return name
  }

  return {
    'checkpoints-load': async ({ component }) => ({
      positions: [...(await checkpoints.load(deployment, own(components, component)))],
    }),
    'checkpoints-save': async ({ component, positions }) => {
      await checkpoints.save(deployment, own(components, component), new Map(positions))
      return {}
    },
    'checkpoints-forget': async ({ component, partitions }) => {
      await checkpoints.forgetPartitions(deployment, own(components, component), partitions)
      return {}
    },
    credential: async ({ credential }) => ({ secret: await deps.credential(own(deps.credentials, credential)) }),
    'handshake-begin': async ({ bridge }) => {
      const { session, message } = await handshakes.begin(own(bridges, bridge))
      if (sessions.size >= SESSIONS_MAX) sessions.clear()
      sessions.add(session)
      return { session, message: base64url(message) }
    },
    'handshake-answer': async ({ bridge, message }) => {
      const answered = await handshakes.answer(own(bridges, bridge), fromBase64url(message))
      return { message: base64url(answered.message), keys: keysAsText(answered.keys) }
    },
    'handshake-finish': async ({ session, message }) => {
      own(sessions, session)
      sessions.delete(session)
      return { keys: keysAsText(await handshakes.finish(session, fromBase64url(message))) }
    },
  }
}

function keysAsText(keys: SessionKeys): WorkerSessionKeys {
  return {
    send: base64url(keys.send),
    receive: base64url(keys.receive),
    handshakeHash: base64url(keys.handshakeHash),
    chainingKey: base64url(keys.chainingKey),
  }
}
