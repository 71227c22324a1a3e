/**
 * The keys of dead letters, one for each deployment, and their rotation. A journal has one opener: while a deployment runs that is its
 * worker, which is drained and started again once its letters lie under the new key. A worker is only ever handed a key that is settled.
 */
import { join } from 'node:path'
import { AppError, Cancelled, type Clock, codeOf } from '../../base/mod.ts'
import type { Keyring, Progress, RotationTarget } from '../../keys/mod.ts'
import { type Journal, journalIsThere, openJournal } from '../../store/mod.ts'
import type { Assignment } from '../../wire/mod.ts'
import { DEAD_LETTER_BYTES_MAX } from '../supervision/worker-start.ts'
import type { DeadLetterDesk } from './dead-letter-desk.ts'

type RotatingKeyring = Pick<Keyring, 'secretFor' | 'list' | 'beginRotation' | 'finishRotation'>

export type LetterKeysDeps = {
  /** The data folder. */
  folder: string
  keyring: RotatingKeyring
  desk: Pick<DeadLetterDesk, 'exclusively'>
  workers: { list(): readonly { assignment: Assignment }[]; replace(assignment: Assignment): void }
  clock: Clock
}

const PURPOSE = 'dead-letters'
/** A drain takes seconds; after a minute its worker was ended. */
const FREE_TRIES_MAX = 600
const FREE_WAIT_MS = 100

/** The keyring as whoever opens letters asks it: a rotation of the key that was cut off is brought to its end first. */
export function settledLetterKeys(keyring: RotatingKeyring, folder: string): Pick<Keyring, 'secretFor'> {
  return {
    async secretFor(purpose, deployment) {
      if (isRotating(keyring, deployment))
        await reseal(keyring, deployment, (keys) => openLetters(folder, deployment, keys))
      return keyring.secretFor(purpose, deployment)
    },
  }
}

export function letterKeyTarget(deps: LetterKeysDeps): RotationTarget {
  const { keyring } = deps
  const ids = (): string[] =>
    keyring
      .list()
      .filter(({ purpose }) => purpose === PURPOSE)
      .map(({ id }) => id)
  return {
    ...{ name: 'dead-letters', about: 'refused records; what runs is drained and started again, one after another' },
    keys: () => ids().map((id) => ({ purpose: PURPOSE, id })),
    rotate: (progress, signal) => rotate(deps, ids(), progress, signal),
  }
}

/** All are begun first, so that none is forgotten when it is cut off. */
async function rotate(deps: LetterKeysDeps, ids: string[], progress: Progress, signal: AbortSignal): Promise<void> {
  const { keyring, desk, folder } = deps
  const cutOff = ids.filter((id) => isRotating(keyring, id))
  const due = cutOff.length > 0 ? cutOff : ids
  for (const id of due) await begin(keyring, id)
  for (const [done, deployment] of due.entries()) {
    progress(done, due.length)
    if (signal.aborted) throw new Cancelled('the rotation of a key was cut off')
    await desk.exclusively(deployment, async () => {
      // Whoever opened it in between has ended it, or its letters are gone.
      if (!isRotating(keyring, deployment)) return
      await reseal(keyring, deployment, (keys) => openOnceFree(deps, folder, deployment, keys))
    })
  }
  progress(due.length, due.length)
}

/** What was destroyed since it was listed, with all its letters, needs no other key. */
async function begin(keyring: RotatingKeyring, deployment: string): Promise<void> {
  try {
    wipe(await keyring.beginRotation(PURPOSE, deployment))
  } catch (error) {
    if (codeOf(error) !== 'key.not_found') throw error
  }
}

type Keys = { current: Uint8Array<ArrayBuffer>; next: Uint8Array<ArrayBuffer> }

async function reseal(
  keyring: RotatingKeyring,
  deployment: string,
  open: (keys: Keys) => Promise<Journal | undefined>,
): Promise<void> {
  const keys = await keyring.beginRotation(PURPOSE, deployment)
  try {
    const journal = await open(keys)
    try {
      await journal?.rekey(keys.next)
    } finally {
      await journal?.close()
    }
  } finally {
    wipe(keys)
  }
  await keyring.finishRotation(PURPOSE, deployment)
}

/** Nothing where there are no letters. */
async function openLetters(folder: string, deployment: string, { current, next }: Keys): Promise<Journal | undefined> {
  const path = join(folder, 'deployments', deployment, 'dead-letters', 'journal')
  if (!(await journalIsThere(path))) return undefined
  return openJournal({
    folder: path,
    key: current,
    nextKey: next,
    bytesMax: DEAD_LETTER_BYTES_MAX,
    passOverDamage: true,
  })
}

async function openOnceFree(
  { workers, clock }: LetterKeysDeps,
  folder: string,
  deployment: string,
  keys: Keys,
): Promise<Journal | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await openLetters(folder, deployment, keys)
    } catch (error) {
      const inUse = error instanceof AppError && error.code === 'journal.in_use'
      if (!inUse || tries >= FREE_TRIES_MAX) throw error
      const running = workers.list().find(({ assignment }) => assignment.deployment === deployment)
      // The next worker asks for its key behind us, and gets the new one.
      if (tries === 1 && running) workers.replace(running.assignment)
      await clock.sleep(FREE_WAIT_MS)
    }
  }
}

function isRotating(keyring: Pick<Keyring, 'list'>, deployment: string): boolean {
  return keyring.list().some(({ purpose, id, rotating }) => purpose === PURPOSE && id === deployment && rotating)
}

function wipe({ current, next }: Keys): void {
  current.fill(0)
  next.fill(0)
}
