/** Yardsticks are other people's programs: taken from Debian's packages when they are missing and we may install them. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

const APT_GET = '/usr/bin/apt-get'
/** While it is there, Debian's packages start no service of theirs (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

/** A file that tells whether the program is there, and the package that brings it. */
export type Needed = { file: string; package: string }

/** Whether all programs are there, after installing what was missing. Says what to do where it may not install. */
export function ensurePackages(needed: readonly Needed[], log: (line: string) => void): boolean {
  const missing = needed.filter(({ file }) => !existsSync(file)).map((one) => one.package)
  if (missing.length === 0) return true
  if (process.getuid?.() !== 0 || !existsSync(APT_GET)) {
    log(`a yardstick is left out; to have it: apt-get install ${missing.join(' ')}`)
    return false
  }
  log(`installing ${missing.join(', ')}`)
  install(missing)
  return needed.every(({ file }) => existsSync(file))
}

function install(packages: readonly string[]): void {
  const isOurs = !existsSync(POLICY)
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const words = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
  try {
    if (spawnSync(APT_GET, words, { env, stdio: 'ignore' }).status === 0) return
    // The lists of a fresh machine are empty or old.
    spawnSync(APT_GET, ['update', '-qq'], { env, stdio: 'ignore' })
    spawnSync(APT_GET, words, { env, stdio: 'ignore' })
  } finally {
    if (isOurs) rmSync(POLICY)
  }
}
