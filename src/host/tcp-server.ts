/** A plain TCP server: a bound on connections, an end that waits for nobody. */
import { createServer, type Server, type Socket } from 'node:net'
import { listenFailure } from './errors.ts'

/** 1,024 sockets × (≈16 KiB in the kernel + ≈4 KiB here) ≈ 20 MiB, even if strangers open them all. More are closed at once. */
const CONNECTIONS_MAX = 1_024

/**
 * Emitted by a socket that was given to a child. It emits no `close` here on every host, and must not be destroyed: on Node
 * and Deno this may still reach the connection that travels.
 */
export const HANDED_OVER = Symbol('handed over')

/** Where and how to listen. */
export interface TcpOptions {
  /** An address of this machine, `::` for all of both families. */
  hostname: string
  /** 0 takes a free one. */
  port: number
  /** Called for each accepted socket; it is the callee's to close, and has an `error` listener already. */
  onSocket: (socket: Socket) => void
  connectionsMax?: number
  /** Who may connect, by address; others are closed at accept. Default: everyone. */
  allows?: (address: string) => boolean
}

/** A listening server. */
export interface TcpServer extends AsyncDisposable {
  readonly hostname: string
  readonly port: number
  /** Stops listening and destroys the sockets that are still ours; those given to a child go on there. */
  close(): Promise<void>
}

/** Listens. Fails with `host.port_in_use`, `host.port_forbidden` or `host.listen_failed`. */
export async function listenTcp(options: TcpOptions): Promise<TcpServer> {
  const connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    // A connection that breaks emits `error` and then `close`; without a listener it would end the process.
    socket.on('error', () => undefined)
    if (options.allows?.(socket.remoteAddress ?? '') === false) return void socket.destroy()
    if (sockets.size >= connectionsMax) return void socket.destroy()
    sockets.add(socket)
    for (const end of ['close', HANDED_OVER]) socket.once(end, () => sockets.delete(socket))
    options.onSocket(socket)
  })
  const port = await listening(server, options.hostname, options.port)
  const close = async (): Promise<void> => {
    // Its callback is not waited for: on Node it comes only when the sockets in other processes have ended, too.
    server.close()
    await Promise.all([...sockets].map((socket) => ended(socket)))
  }
  return { hostname: options.hostname, port, close, [Symbol.asyncDispose]: close }
}

function listening(server: Server, hostname: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailure(hostname, port, cause)))
    server.listen(port, hostname, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const end of ['close', HANDED_OVER]) socket.once(end, () => resolve())
    socket.destroy()
  })
}
