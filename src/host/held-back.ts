/** Makes a sender wait while nobody reads its body. Node's servers do so; Bun's keeps on receiving, and would fill memory with it. */
import type { IncomingMessage } from 'node:http'

/** Unread bytes of one body, beside what a socket's buffers hold: 1,024 connections × 64 KiB = 64 MiB. */
export const UNREAD_BYTES_MAX = 65_536

/** Call it when a request's header is complete. The returned function ends it, with the answer. */
export function holdBack(incoming: IncomingMessage): () => void {
  const { socket } = incoming
  const readMore = incoming._read.bind(incoming)
  let held = false
  const onBytes = (): void => {
    if (held || incoming.readableLength < UNREAD_BYTES_MAX) return
    held = true
    socket.pause()
  }
  // Called when a reader has taken what there was, and not before.
  incoming._read = (size) => {
    if (held) socket.resume()
    held = false
    readMore(size)
  }
  socket.on('data', onBytes)
  return () => {
    socket.off('data', onBytes)
    // Whoever lets the rest of a body flow away must not set its sender going again.
    incoming._read = () => undefined
  }
}
