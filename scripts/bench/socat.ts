/** Yardstick: socat to socat over OpenSSL, in blocks of 64 KiB, verified by an authority of our own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom } from '../../src/base/mod.ts'
import { createAuthority, issueLeaf, loadAuthority } from '../../src/crypto/mod.ts'
import type { Needed } from './packages.ts'
import { exitOf, freePort, type Scratch } from './scratch.ts'

export const SOCAT_NEEDS: readonly Needed[] = [{ file: '/usr/bin/socat', package: 'socat' }]
const BLOCK_BYTES = '65536'
const NAME = 'bench.test'

/** Makes the certificates; gives what carries one file to another, written in place. Both ends are started each time. */
export async function prepareSocat(scratch: Scratch): Promise<(from: string, to: string) => Promise<void>> {
  const authority = await loadAuthority(await createAuthority({ name: 'b', clock: systemClock, random: systemRandom }))
  const leaf = { dnsNames: [NAME], ipAddresses: [], lifetimeMs: 3_600_000, clock: systemClock }
  const { certificatePem, privateKeyPem } = await issueLeaf(authority, leaf)
  const [ca, pem] = [join(scratch.folder, 'ca.pem'), join(scratch.folder, 'leaf.pem')]
  writeFileSync(ca, authority.certificatePem)
  writeFileSync(pem, privateKeyPem + certificatePem, { mode: 0o600 })
  return async (from, to) => {
    const port = await freePort()
    const listen = `OPENSSL-LISTEN:${port},bind=127.0.0.1,cert=${pem},verify=0`
    const receiver = scratch.start(['socat', '-u', '-b', BLOCK_BYTES, listen, `OPEN:${to},wronly`])
    // `retry`: the listener may not be there yet, and a look whether it is would be taken for its one connection.
    const dial = `OPENSSL:127.0.0.1:${port},cafile=${ca},commonname=${NAME},snihost=${NAME},retry=500,interval=0.01`
    await scratch.run(['socat', '-u', '-b', BLOCK_BYTES, `OPEN:${from},rdonly`, dial])
    const code = await exitOf(receiver, scratch.signal)
    if (code !== 0) throw new Error(`socat ended with ${code}`)
  }
}
