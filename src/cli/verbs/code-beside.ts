/** The files of code that travel with a Blueprint: those beside it. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Bytes } from '../../base/mod.ts'
import { readBytes } from '../../host/mod.ts'

/** Endings of files that travel as code. */
const CODE_FILE = /\.(cel|ts|js)$/

/** Code files beside a Blueprint, by the path that it would give them. */
export async function codeBeside(file: string): Promise<Map<string, Bytes>> {
  const folder = dirname(file)
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && CODE_FILE.test(entry.name))
    .map(({ name }) => name)
  return new Map(
    await Promise.all(names.map(async (name) => [`./${name}`, await readBytes(join(folder, name))] as const)),
  )
}
