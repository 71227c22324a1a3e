/** `list-entry.ts FOLDER`: what a backup would take of it when no more files can be opened; prints the refusal's code. */
import { openSync } from 'node:fs'
import process from 'node:process'
import { journalFiles, stateFiles } from '../../../src/backup/contents.ts'
import { refusalOf } from '../refusal.ts'

const [, , folder = ''] = process.argv
const options = { folder, leftOut: [] }
const all = async (): Promise<string[]> => {
  const paths: string[] = []
  for (const files of [stateFiles, journalFiles]) for await (const { path } of files(options)) paths.push(path)
  return paths
}
const before = await all()
try {
  for (;;) openSync('/dev/null', 'r')
} catch {
  process.stdout.write(`${before.join(' ')} ${await refusalOf(all)}\n`)
}
