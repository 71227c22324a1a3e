/**
 * A file that stands for "in use": made by whoever works on what it stands beside, and gone with him. It names its holder by process
 * id, start and boot, so that one left by a crash, or by a process whose id another has by now, holds nobody up.
 */
import { randomBytes } from 'node:crypto'
import { link, readFile, rm } from 'node:fs/promises'
import process from 'node:process'
import { AppError, utf8 } from '../base/mod.ts'
import { fileFailure, systemCodeOf } from './errors.ts'
import { writeFileAtomic } from './files.ts'
import { processIdentity } from './process-identity.ts'

/** It may change hands between two looks; what does so more often than this is in use. */
const TRIES_MAX = 8

/** What became of the wish for a lock: how to release it, or who has it. */
export type LockOutcome = { release: () => Promise<void> } | { holder: number }

/**
 * Takes the lock whose file is `path`, for this process; a second taker in the same process is refused like any other. `holder` is the
 * id of the process that has it, 0 when it changes hands too fast to say. Two that share the file but see different processes (containers with one volume) do not see each
 * other's. Fails with `host.file_missing` (no such folder), `host.file_forbidden`, `host.disk_full`.
 */
export async function takeLockFile(path: string): Promise<LockOutcome> {
  const self = (await processIdentity(process.pid)) ?? `${process.pid}`
  try {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      if (await claimed(path, self)) return { release: () => rm(path, { force: true }) }
      const identity = await textOf(path)
      if (identity === undefined) continue
      const holder = await holderOf(identity)
      if (holder !== undefined) return { holder }
      await removeLeftover(path, identity, self)
    }
    return { holder: 0 }
  } catch (cause) {
    throw cause instanceof AppError ? cause : fileFailure('lock', path, cause)
  }
}

/** A link fails when the name is taken, and the name never stands for half a text. */
async function claimed(path: string, identity: string): Promise<boolean> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  await writeFileAtomic(beside, utf8(identity))
  try {
    await link(beside, path)
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
}

/**
 * Of several that find the same leftover one removes it, and only while it is still that: the others must not remove what has been put
 * in its place since. A guard that was left itself, by a crash within these few steps, is removed without one.
 */
async function removeLeftover(path: string, leftover: string, self: string): Promise<void> {
  const guard = `${path}.removing`
  if (await claimed(guard, self)) {
    try {
      if ((await textOf(path)) === leftover) await rm(path, { force: true })
    } finally {
      await rm(guard, { force: true })
    }
    return
  }
  const remover = await textOf(guard)
  if (remover !== undefined && (await holderOf(remover)) === undefined) await rm(guard, { force: true })
}

/** The process that a lock names, as long as it runs. */
async function holderOf(identity: string): Promise<number | undefined> {
  const pid = Number.parseInt(identity, 10)
  return pid > 0 && identity === (await processIdentity(pid)) ? pid : undefined
}

function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
