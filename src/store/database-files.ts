/** The files of a database: one path for each of its keys in a row, so that a new key never meets the log of an old one. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreMissing } from './errors.ts'

/** What libSQL keeps beside a database. */
const BESIDE = ['', '-wal', '-shm', '-journal'] as const

/** `runtime.db` under its first key, `runtime.2.db` under the second. */
export function databasePath(folder: string, name: string, generation: number): string {
  return join(folder, generation === 1 ? `${name}.db` : `${name}.${generation}.db`)
}

/** Refuses a database that was made and is not there: `store.missing`. */
export async function demandDatabase(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  // SQLite takes an empty file for a new database.
  if (!found?.isFile() || found.size === 0) throw new StoreMissing(`the database ${path} was made and is not there`)
}

/** Removes a database with what libSQL keeps beside it. */
export async function removeDatabase(path: string): Promise<void> {
  for (const suffix of BESIDE) await rm(`${path}${suffix}`, { force: true })
}

/** Removes the files of other generations: a copy that was cut off, or the one before. */
export async function removeOtherGenerations(folder: string, name: string, generation: number): Promise<void> {
  const kept = databasePath(folder, name, generation)
  for (const file of await readdir(folder)) {
    const number = file === `${name}.db` ? 1 : numberOf(file, name)
    if (number === undefined) continue
    const path = databasePath(folder, name, number)
    if (path !== kept) await removeDatabase(path)
  }
}

function numberOf(file: string, name: string): number | undefined {
  if (!file.startsWith(`${name}.`)) return undefined
  const digits = /^([1-9]\d{0,8})\.db$/.exec(file.slice(name.length + 1))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
