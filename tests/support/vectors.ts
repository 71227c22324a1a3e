/** Published vectors, read from the folder that SLUICE_VECTORS names; without it the tests that use them are skipped. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const vectorsFolder = process.env.SLUICE_VECTORS

/** The parsed file; its shape is the word of the caller. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(vectorsFolder ?? '', name), 'utf8')) as T
}
