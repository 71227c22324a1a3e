/** A child's end of the channel that `spawnSelf` opened. */
import type { Socket } from 'node:net'
import process from 'node:process'
import { ProcessGone } from './errors.ts'

/** What the child can do with it. */
export interface ParentChannel {
  /** Resolves once the channel has taken the message; rejects with `host.process_gone` when the parent is gone. */
  send(message: unknown): Promise<void>
  /**
   * Messages that came before are kept for the first handler.
   * A socket comes paused in effect: hand it on (`unshift` what was read, then `emit('connection', …)` of a TLS server) without
   * calling its `resume()`, which would throw its bytes away on Node and Deno.
   */
  onMessage(handler: (message: unknown, socket?: Socket) => void): void
  /** The parent has ended or closed the channel: the time to end as well. */
  onDisconnect(handler: () => void): void
}

/** The channel to the process that started this one with `spawnSelf`; `undefined` in a process started otherwise. */
export function parentChannel(): ParentChannel | undefined {
  if (!process.send) return undefined
  return {
    send: sendToParent,
    onMessage(handler) {
      process.on('message', (message: unknown, socket: unknown) =>
        handler(message, (socket ?? undefined) as Socket | undefined),
      )
    },
    onDisconnect(handler) {
      if (process.connected) process.once('disconnect', handler)
      else queueMicrotask(handler)
    },
  }
}

function sendToParent(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!process.send || !process.connected) return reject(new ProcessGone('the parent process has ended'))
    process.send(message, undefined, undefined, (cause: Error | null) => {
      if (cause) reject(new ProcessGone('the parent process has ended', { cause }))
      else resolve()
    })
  })
}
