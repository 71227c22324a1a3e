/** Someone who reaches a bridge's port: how far he comes, and what he gets. */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import type { Bytes } from '../../../src/base/mod.ts'
import { BRIDGE, LABEL } from './ends.ts'

export type Stranger = {
  /** Everything that he received after the TLS handshake, or the WebSocket's. */
  received: Buffer[]
  closed: Promise<unknown>
  isClosed(): boolean
}

function watch(socket: Socket): Stranger {
  const received: Buffer[] = []
  let over = false
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', resolve)).then(() => {
    over = true
  })
  return { received, closed, isClosed: () => over }
}

/** Speaks plain TCP. */
export async function comeByTcp(port: number, bytes: string): Promise<Stranger> {
  const socket = connectTcp({ port, host: '127.0.0.1' })
  const stranger = watch(socket)
  await once(socket, 'connect')
  socket.write(bytes)
  return stranger
}

/** Speaks TLS to the label, then says something. */
export async function comeByTls(
  port: number,
  bytes: string,
  servername = LABEL,
  localAddress = '127.0.0.1',
): Promise<Stranger> {
  const address = { port, host: '127.0.0.1', servername, localAddress, rejectUnauthorized: false }
  const socket = connectTls(address)
  const stranger = watch(socket)
  if (servername === LABEL) await once(socket, 'secureConnect')
  else await once(socket, 'connect')
  if (servername === LABEL && bytes) socket.write(bytes)
  return stranger
}

/** Where pushing ends that nobody holds back. */
const PUSHED_BYTES_MAX = 134_217_728

/** Speaks TLS, says something, and sends without an end; gives the bytes that were taken from him until none was for half a second. */
export async function pushByTls(port: number, head: string, servername = LABEL): Promise<number> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
  const { isClosed } = watch(socket)
  await once(socket, 'secureConnect')
  socket.write(head)
  const block = Buffer.alloc(65_536)
  let taken = 0
  for (; taken < PUSHED_BYTES_MAX; taken += block.byteLength) {
    if (socket.write(block)) continue
    const drained = once(socket, 'drain').then(() => true)
    const stuck = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500))
    if (isClosed() || !(await Promise.race([drained.catch(() => false), stuck]))) break
  }
  socket.destroy()
  return taken
}

/** Makes the WebSocket and sends messages. */
export async function comeByWebSocket(port: number, messages: (Bytes | string)[]): Promise<Stranger> {
  const ws = new WebSocket(`wss://127.0.0.1:${port}/v1/bridges/${BRIDGE}`, {
    rejectUnauthorized: false,
    servername: LABEL,
  } as object)
  const received: Buffer[] = []
  let over = false
  ws.on('message', (message: Buffer) => received.push(message))
  ws.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => ws.once('close', () => resolve())).then(() => {
    over = true
  })
  await once(ws, 'open')
  for (const message of messages) ws.send(message)
  return { received, closed, isClosed: () => over }
}
