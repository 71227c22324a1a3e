/** What a worker has of its main process: checkpoints, credentials and handshakes, each by a question over the channel. */
import { base64url, fromBase64url } from '../../base/mod.ts'
import type { HandshakeClient, SessionKeys } from '../../bridge/mod.ts'
import type { Checkpoints, Secrets } from '../../pipeline/mod.ts'
import type { Channel, WorkerSessionKeys, workerAsks } from '../../wire/mod.ts'

type Main = Pick<Channel<typeof workerAsks>, 'ask'>

export function checkpointsByMain(main: Main): Checkpoints {
  return {
    load: async (component) => new Map((await main.ask('checkpoints-load', { component })).positions),
    async save(component, positions) {
      await main.ask('checkpoints-save', { component, positions: [...positions] })
    },
    async forget(component, partitions) {
      await main.ask('checkpoints-forget', { component, partitions: [...partitions] })
    },
  }
}

export function secretsByMain(main: Main): Secrets {
  return {
    async use(credential, fn) {
      const { secret } = await main.ask('credential', { credential })
      return fn(secret)
    },
  }
}

export function handshakesByMain(main: Main): HandshakeClient {
  return {
    async begin(bridge) {
      const { session, message } = await main.ask('handshake-begin', { bridge: bridge as `br_${string}` })
      return { session, message: fromBase64url(message) }
    },
    async answer(bridge, message) {
      const ask = { bridge: bridge as `br_${string}`, message: base64url(message) }
      const answered = await main.ask('handshake-answer', ask)
      return { message: fromBase64url(answered.message), keys: keysOf(answered.keys) }
    },
    async finish(session, message) {
      return keysOf((await main.ask('handshake-finish', { session, message: base64url(message) })).keys)
    },
  }
}

function keysOf(keys: WorkerSessionKeys): SessionKeys {
  return {
    send: fromBase64url(keys.send),
    receive: fromBase64url(keys.receive),
    handshakeHash: fromBase64url(keys.handshakeHash),
    chainingKey: fromBase64url(keys.chainingKey),
  }
}
