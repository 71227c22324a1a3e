/** A real mail server on loopback, which keeps what it is told. */
import { createServer, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { testAuthority } from './certificates.ts'

export type MailServer = AsyncDisposable & {
  port: number
  ca: string
  mails: { from: string; to: string[]; login: string | undefined; text: string }[]
  /** Everything that a client tried, in order: `login`, `from`. */
  heard: string[]
}

/** One that takes connections and never speaks. `heard`: how many there were. */
export async function silentServer(): Promise<
  { port: number; heard: () => number; open: () => number } & AsyncDisposable
> {
  const sockets = new Set<Socket>()
  let heard = 0
  const server = createServer((socket) => {
    heard++
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    // What is said to it is read: else it would not see the end of a connection.
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    ...{ heard: () => heard, open: () => sockets.size },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** `tls`: from the first byte; otherwise STARTTLS, unless `plain`, which offers none. */
export async function mailServer(kind: 'tls' | 'starttls' | 'plain', refuse?: 'login' | 'mail'): Promise<MailServer> {
  const authority = await testAuthority('mail')
  const { certificatePem, privateKeyPem } = await authority.issue({ ip: ['127.0.0.1'], dns: ['localhost'] })
  const mails: MailServer['mails'] = []
  const heard: string[] = []
  const server = new SMTPServer({
    ...{ secure: kind === 'tls', cert: certificatePem, key: privateKeyPem, authOptional: true, logger: false },
    disabledCommands: kind === 'plain' ? ['STARTTLS'] : [],
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      heard.push('login')
      if (refuse === 'login') done(new Error(`wrong password ${auth.password}`))
      else done(null, { user: auth.username ?? '' })
    },
    onMailFrom(_address, _session, done) {
      heard.push('from')
      done(refuse === 'mail' ? new Error('not from you') : null)
    },
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          ...{ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
          ...{ login: session.user ? String(session.user) : undefined, text: Buffer.concat(parts).toString() },
        })
        done(null)
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    ...{ ca: authority.certificatePem, mails, heard },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
