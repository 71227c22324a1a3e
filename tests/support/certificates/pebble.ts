/** Pebble, Let's Encrypt's own small ACME server for tests, with its DNS; both are Debian's, both end with the scope. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { systemClock } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import { testAuthority } from '../certificates.ts'
import type { TemporaryFolder } from '../folder.ts'

export const hasPebble = Bun.which('pebble') !== null && Bun.which('pebble-challtestsrv') !== null

export type Pebble = AsyncDisposable & {
  directory: string
  /** PEM of the CA of the directory's own HTTPS. */
  ca: string
  /** Where it asks for the proofs. */
  proofPort: number
}

export async function pebble(folder: TemporaryFolder): Promise<Pebble> {
  const [port, management, dns, dnsManagement, proofPort] = await freePorts(5)
  const authority = await testAuthority('pebble')
  const own = await authority.issue({ ip: ['127.0.0.1'] })
  const files = { certificate: folder.file('pebble.pem'), privateKey: folder.file('pebble.key') }
  writeFileSync(files.certificate, own.certificatePem)
  writeFileSync(files.privateKey, own.privateKeyPem)
  const config = {
    ...{ ...files, listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${management}` },
    ...{ httpPort: proofPort, tlsPort: 1, ocspResponderURL: '', externalAccountBindingRequired: false },
  }
  writeFileSync(folder.file('pebble.json'), JSON.stringify({ pebble: config }))
  const quiet = { stdout: 'ignore', stderr: 'ignore' } as const
  const names = Bun.spawn(
    [
      ...['pebble-challtestsrv', '-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', `127.0.0.1:${dns}`],
      ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-management', `127.0.0.1:${dnsManagement}`],
    ],
    quiet,
  )
  const server = Bun.spawn(['pebble', '-config', folder.file('pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], {
    ...quiet,
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' },
  })
  const directory = `https://127.0.0.1:${port}/dir`
  await answering(directory, authority.certificatePem)
  return {
    ...{ directory, ca: authority.certificatePem, proofPort: proofPort ?? 0 },
    async [Symbol.asyncDispose]() {
      for (const child of [server, names]) child.kill()
      await Promise.all([server.exited, names.exited])
    },
  }
}

async function answering(url: string, ca: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const asked = requestHttps(url, { method: 'GET', ca: [ca], timeoutMs: 1_000, bytesMax: 65_536 })
    if (
      await asked.then(
        () => true,
        () => false,
      )
    )
      return
    await systemClock.sleep(50)
  }
  throw new Error('pebble did not start')
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
