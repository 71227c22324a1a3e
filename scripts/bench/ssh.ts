/** Yardstick: a pipe through `ssh -c aes256-gcm@openssh.com`, to an sshd of our own on a free loopback port. */
import { existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Needed } from './packages.ts'
import { freePort, type Scratch, untilListening } from './scratch.ts'

export const SSH_NEEDS: readonly Needed[] = [
  { file: '/usr/bin/ssh', package: 'openssh-client' },
  { file: '/usr/sbin/sshd', package: 'openssh-server' },
]
const CIPHER = 'aes256-gcm@openssh.com'
/** sshd wants this empty folder when root runs it; a service manager would have made it. */
const PRIVILEGE_FOLDER = '/run/sshd'

/** Starts sshd; gives what carries one file to another, written in place. */
export async function startSsh(scratch: Scratch): Promise<(from: string, to: string) => Promise<void>> {
  const { folder, lifetime } = scratch
  if (process.getuid?.() === 0 && !existsSync(PRIVILEGE_FOLDER)) {
    mkdirSync(PRIVILEGE_FOLDER)
    lifetime.defer(() => rmdirSync(PRIVILEGE_FOLDER))
  }
  const [hostKey, userKey] = [join(folder, 'host-key'), join(folder, 'user-key')]
  for (const key of [hostKey, userKey]) await scratch.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  const [authorized, known, config] = ['authorized', 'known', 'sshd.conf'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const port = await freePort()
  writeFileSync(authorized, readFileSync(`${userKey}.pub`), { mode: 0o600 })
  writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, 'utf8')}`)
  const settings = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKey}`, `AuthorizedKeysFile ${authorized}`],
    ...['PidFile none', 'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin yes'],
    ...[`Ciphers ${CIPHER}`, 'Compression no'],
  ]
  writeFileSync(config, `${settings.join('\n')}\n`)
  scratch.start(['/usr/sbin/sshd', '-D', '-e', '-f', config])
  await untilListening(port, scratch.signal)
  const options = [`UserKnownHostsFile=${known}`, 'GlobalKnownHostsFile=none', 'IdentitiesOnly=yes', 'BatchMode=yes']
  const words = ['-F', 'none', '-c', CIPHER, '-i', userKey, '-p', `${port}`, ...options.flatMap((one) => ['-o', one])]
  return async (from, to) => {
    const command = `dd of=${to} conv=notrunc bs=256k iflag=fullblock status=none`
    const stdio = [openSync(from, 'r'), 'ignore', 'inherit'] as const
    await scratch.run(['ssh', ...words, '127.0.0.1', command], { stdio: [...stdio] })
  }
}
