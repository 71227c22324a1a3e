/** What a test's main process and its workers say to each other; the Runtime has its own, checked, form of this. */
import { type Bytes, base64url, fromBase64url } from '../../../src/base/mod.ts'
import type { SessionKeys } from '../../../src/bridge/mod.ts'
import type { WorkerBridge } from '../../../src/wire/mod.ts'

export type KeysAsText = Record<keyof SessionKeys, string>

export type ToParent = { say: 'ready' } | { say: 'answer'; id: number; bridge: string; message: string }

export type FromParent =
  | { say: 'start'; bridge: WorkerBridge; file: string }
  | { say: 'answered'; id: number; answer?: { message: string; keys: KeysAsText } }
  | { say: 'socket'; head: string; remainingMs: number }

export function toText(bytes: Bytes): string {
  return base64url(bytes)
}

export function keysToText({ send, receive, handshakeHash, chainingKey }: SessionKeys): KeysAsText {
  return {
    send: base64url(send),
    receive: base64url(receive),
    handshakeHash: base64url(handshakeHash),
    chainingKey: base64url(chainingKey),
  }
}

export function keysFromText(keys: KeysAsText): SessionKeys {
  return {
    send: fromBase64url(keys.send),
    receive: fromBase64url(keys.receive),
    handshakeHash: fromBase64url(keys.handshakeHash),
    chainingKey: fromBase64url(keys.chainingKey),
  }
}
