/** What a flood does to a Runtime, seen from outside: by its Platform, in the table that its deployment fills, by its people and the system. */
import { readFileSync, writeFileSync } from 'node:fs'
import { systemClock } from '../../../src/base/mod.ts'
import { lastRowOf } from './flood-flow.ts'
import type { Answered } from './flood-visitor.ts'

const LOOK_EVERY_MS = 250
/** `USER_HZ` of Linux on every architecture that we build for. */
const TICKS_PER_SECOND = 100

export type Tries = Record<string, () => Promise<Answered>>

/** Times in ms. */
export type Seen = {
  tookMs: number
  /** From one heartbeat to the next; from the beginning to the first and from the last to the end as well. */
  beatGapsMs: number[]
  /** That the deployment committed, and the processor time that its worker took for them. */
  rows: number
  workerSeconds: number
  /** Processor time of the main process, and the most memory that it had. */
  mainSeconds: number
  rssBytes: number
  /** By what was tried, one after another. */
  answers: Record<string, Answered[]>
}

export type Watched = { pid: number; platform: { heardAtMs: readonly number[] }; table: string }

/** Looks on until `over`, and tries each of `tries` in turn. */
export async function watch({ pid, platform, table }: Watched, over: Promise<unknown>, tries: Tries): Promise<Seen> {
  let isOver = false
  void over.finally(() => {
    isOver = true
  })
  const names = Object.keys(tries)
  const answers: Seen['answers'] = Object.fromEntries(names.map((name) => [name, []]))
  const before = { rows: await lastRowOf(table), worker: workerSeconds(pid), main: cpuSeconds(pid) }
  const fromMs = systemClock.monotonic()
  // From here on the system looks for the highest anew (proc(5), clear_refs).
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  for (let turn = 0; !isOver; turn++) {
    const name = names[turn % names.length] ?? ''
    const answered = await tries[name]?.()
    if (answered) answers[name]?.push(answered)
    await systemClock.sleep(LOOK_EVERY_MS)
  }
  const untilMs = systemClock.monotonic()
  const beats = platform.heardAtMs.filter((ms) => ms > fromMs && ms < untilMs)
  return {
    tookMs: untilMs - fromMs,
    beatGapsMs: [...beats, untilMs].map((ms, i) => ms - (beats[i - 1] ?? fromMs)),
    rows: (await lastRowOf(table)) - before.rows,
    workerSeconds: workerSeconds(pid) - before.worker,
    mainSeconds: cpuSeconds(pid) - before.main,
    rssBytes: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024,
    answers,
  }
}

function workerSeconds(runtime: number): number {
  const children = readFileSync(`/proc/${runtime}/task/${runtime}/children`, 'utf8').split(' ').filter(Boolean)
  return children.reduce((sum, pid) => sum + cpuSeconds(Number(pid)), 0)
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
