/**
 * After a Runtime was killed, a worker of it may live on for a moment: it ends when its channel closes, but not while it is in the
 * middle of something that blocks it. Two workers of one deployment would write at once, so the former one is ended first.
 */
import { join } from 'node:path'
import process from 'node:process'
import * as v from 'valibot'
import { type Clock, utf8 } from '../../base/mod.ts'
import { makePrivateFolder, processStart, readTextIfThere, writeFileAtomic } from '../../host/mod.ts'

const FILE = 'worker.json'
/** `startedAt`: clock ticks after boot, so that another process under the same number is not taken for it. */
const Remembered = v.object({ pid: v.number(), startedAt: v.string() })
/** SIGKILL takes effect when the process leaves the kernel; a disk that hangs can hold it there. */
const GONE_MAX_MS = 10_000
const LOOK_INTERVAL_MS = 20

/** Ends what an earlier process of the Runtime left running for this deployment, then remembers the new worker. */
export async function replaceLeftover(folder: string, pid: number, clock: Clock): Promise<void> {
  const former = await remembered(folder)
  if (former && former.pid !== pid) await end(former, clock)
  const startedAt = await processStart(pid)
  if (startedAt === undefined) return
  await makePrivateFolder(folder)
  await writeFileAtomic(join(folder, FILE), utf8(JSON.stringify({ pid, startedAt })))
}

async function end(former: v.InferOutput<typeof Remembered>, clock: Clock): Promise<void> {
  const endMs = clock.monotonic() + GONE_MAX_MS
  while ((await processStart(former.pid)) === former.startedAt && clock.monotonic() < endMs) {
    try {
      process.kill(former.pid, 'SIGKILL')
    } catch {
      // It ended by itself in between.
      return
    }
    await clock.sleep(LOOK_INTERVAL_MS)
  }
}

async function remembered(folder: string): Promise<v.InferOutput<typeof Remembered> | undefined> {
  const text = await readTextIfThere(join(folder, FILE))
  try {
    return text === undefined ? undefined : v.parse(Remembered, JSON.parse(text))
  } catch {
    return undefined
  }
}
