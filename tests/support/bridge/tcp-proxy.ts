/** A small TCP proxy that stands between two ends and harms what passes when told to. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type TcpProxy = {
  port: number
  /** Connections made through it so far. */
  connections(): number
  /** Bytes that came for the target so far. */
  bytes(): number
  /** Ends every connection at once. */
  cut(): void
  /** Changes one byte in the middle of the next chunk that goes to the target. */
  flipNext(): void
  /** Keeps back the next chunk that goes to the target until another one has passed. */
  swapNext(): void
  /** Passes nothing on any more, in either direction, without closing. */
  swallow(): void
  /** Refuses new connections until called with false. */
  refuse(refusing: boolean): void
  close(): Promise<void>
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let count = 0
  let bytes = 0
  let mode: 'pass' | 'flip' | 'swap' | 'swallow' | 'refuse' = 'pass'
  let kept: Buffer | undefined
  const harm = (chunk: Buffer): Buffer[] => {
    if (mode === 'swallow') return []
    if (kept) {
      const first = kept
      kept = undefined
      return [chunk, first]
    }
    if (mode === 'swap') kept = chunk
    if (mode === 'flip') chunk[chunk.length >> 1] = (chunk[chunk.length >> 1] ?? 0) ^ 1
    const held = mode === 'swap'
    mode = 'pass'
    return held ? [] : [chunk]
  }
  const track = (socket: Socket, other: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
  const server = createServer({ noDelay: true }, (inner) => {
    if (mode === 'refuse') return void inner.destroy()
    count++
    const outer = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
    track(inner, outer)
    track(outer, inner)
    inner.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      for (const part of mode === 'pass' && !kept ? [chunk] : harm(chunk)) if (!outer.write(part)) inner.pause()
    })
    outer.on('drain', () => inner.resume())
    outer.on('data', (chunk) => {
      if (mode !== 'swallow') inner.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    bytes: () => bytes,
    cut,
    flipNext: () => {
      mode = 'flip'
    },
    swapNext: () => {
      mode = 'swap'
    },
    swallow: () => {
      mode = 'swallow'
    },
    refuse: (refusing) => {
      mode = refusing ? 'refuse' : 'pass'
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
