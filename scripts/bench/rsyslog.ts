/** Yardstick: rsyslog from Debian, file → TLS → file on loopback, two processes, messages unchanged. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom } from '../../src/base/mod.ts'
import { createAuthority, issueLeaf, loadAuthority } from '../../src/crypto/mod.ts'
import type { Needed } from './packages.ts'
import { end, freePort, type Scratch, untilFileHas, untilListening } from './scratch.ts'

export const RSYSLOG_NEEDS: readonly Needed[] = [
  { file: '/usr/sbin/rsyslogd', package: 'rsyslog' },
  { file: '/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so', package: 'rsyslog-gnutls' },
]
const NAME = 'bench.test'
/** Large batches and a queue that holds a second's worth, as its documentation advises for throughput. */
const QUEUE = 'queue.type="LinkedList" queue.size="250000" queue.dequeueBatchSize="1024"'

type Tls = { ca: string; certificate: string; key: string }

async function certificates(folder: string): Promise<Tls> {
  const authority = await loadAuthority(await createAuthority({ name: 'b', clock: systemClock, random: systemRandom }))
  const names = { dnsNames: [NAME], ipAddresses: [], lifetimeMs: 3_600_000, clock: systemClock }
  const { certificatePem, privateKeyPem } = await issueLeaf(authority, names)
  const files = { ca: join(folder, 'ca.pem'), certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.ca, authority.certificatePem)
  writeFileSync(files.certificate, certificatePem)
  writeFileSync(files.key, privateKeyPem, { mode: 0o600 })
  return files
}

const common = (folder: string, { ca, certificate, key }: Tls): string => `
global(workDirectory="${folder}" maxMessageSize="8k" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${ca}"
  defaultNetstreamDriverCertFile="${certificate}" defaultNetstreamDriverKeyFile="${key}")
main_queue(${QUEUE})
`

const receiving = (port: number, to: string): string => `
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="raw" type="string" string="%msg:2:$%\\n")
action(type="omfile" file="${to}" template="raw" ioBufferSize="256k" flushOnTXEnd="off" asyncWriting="on" flushInterval="1")
`

const sending = (port: number, from: string): string => `
module(load="imfile" mode="inotify")
input(type="imfile" file="${from}" tag="bench")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="RSYSLOG_ForwardFormat" ${QUEUE}
  StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="${NAME}")
`

/** Gives what carries one file of lines to another and tells the milliseconds, from the sender's start to the last byte written. */
export async function prepareRsyslog(
  scratch: Scratch,
): Promise<(from: string, to: string, bytes: number) => Promise<number>> {
  const tls = await certificates(scratch.folder)
  let round = 0
  const start = async (role: string, text: string) => {
    const folder = join(scratch.folder, `${role}-${++round}`)
    await scratch.run(['mkdir', folder])
    const config = join(folder, 'rsyslog.conf')
    writeFileSync(config, common(folder, tls) + text)
    return scratch.start(['/usr/sbin/rsyslogd', '-n', '-f', config, '-i', join(folder, 'pid')])
  }
  return async (from, to, bytes) => {
    const port = await freePort()
    const receiver = await start('receiver', receiving(port, to))
    await untilListening(port, scratch.signal)
    const started = performance.now()
    const sender = await start('sender', sending(port, from))
    await untilFileHas(to, bytes, scratch.signal)
    const ms = performance.now() - started
    await end(sender)
    await end(receiver)
    return ms
  }
}
