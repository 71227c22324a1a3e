import { expect } from 'bun:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'

const ROWS = 40_000
const SCRIPT = join(import.meta.dir, '../support/pipeline/killed-flow.ts')

/** Runs the flow; kills it when something has changed in its folder that many times. Says whether it came to its end. */
async function runAndKill(folder: string, changes: number): Promise<boolean> {
  let seen = 0
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  const watcher = watch(folder, () => {
    if (++seen >= changes) child.kill('SIGKILL')
  })
  const [code] = await once(child, 'exit')
  watcher.close()
  return code === 0
}

slowTest(
  'a flow killed by SIGKILL again and again has every row once in its table and once in its file',
  async () => {
    using folder = temporaryFolder()
    const rows = Array.from({ length: ROWS }, (_, n) => `${n},"row ${n}"`)
    writeFileSync(folder.file('in.csv'), `n,text\n${rows.join('\n')}\n`)
    writeFileSync(folder.file('checkpoint.json'), '{}')
    let kills = 0
    for (const changes of [3, 9, 14, 20]) {
      if (await runAndKill(folder.path, changes)) break
      kills++
    }
    expect(await runAndKill(folder.path, Number.POSITIVE_INFINITY)).toBe(true)
    expect(kills).toBeGreaterThan(2)
    expect(existsSync(folder.file('out.jsonl'))).toBe(true)
    const lines = readFileSync(folder.file('out.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines.length).toBe(ROWS)
    expect(lines.every((line, n) => line === `{"n":${n},"text":"row ${n}","twice":${2 * n}}`)).toBe(true)
    const database = new Database(folder.file('out.db'))
    const sums = database
      .prepare('SELECT count(*) AS n, count(DISTINCT n) AS d, sum(n) AS s, sum(twice) AS t FROM numbers')
      .all([])
    database.close()
    const sum = (ROWS * (ROWS - 1)) / 2
    expect(sums).toEqual([{ n: ROWS, d: ROWS, s: sum, t: 2 * sum }])
  },
  30_000,
)
