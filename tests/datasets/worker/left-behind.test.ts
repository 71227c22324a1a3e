import { expect } from 'bun:test'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { processStart } from '../../../src/host/mod.ts'
import { DataHost } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

const entry = fileURLToPath(new URL('../../support/datasets/endless-questions-entry.ts', import.meta.url))
/** Clock ticks of a processor that a process takes only over a question: half a second (proc(5), field 14 of its stat). */
const BUSY_TICKS = 50
const USER_TIME_AT = 11

async function isBusy(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[USER_TIME_AT]) > BUSY_TICKS
}

/** The processes of a kind that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

slowTest('a question without an end does not outlive the main process, however that is killed', async () => {
  await using host = await DataHost.open()
  await host.tenant()
  await host.close()
  const main = spawn(process.execPath, [entry, host.folder.path, host.masterHex], { stdio: 'ignore' })
  const gone = new Promise((resolve) => main.once('close', resolve))
  const children = () => childrenOf(main.pid ?? -1)
  const asked = await until('the question keeps a process busy', async () => {
    for (const pid of await children()) if (await isBusy(pid)) return pid
    return undefined
  })
  const all = await children()
  expect(all).toContain(asked)
  main.kill('SIGKILL')
  await gone
  await until(
    'all of its processes are gone',
    async () => !(await Promise.all(all.map(processStart))).some(Boolean),
    3_000,
  )
  await host.reopen()
})
