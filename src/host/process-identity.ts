/** Which process it is, beyond its number: the system gives that to another one day. */
import { readFile } from 'node:fs/promises'
import process from 'node:process'

/** Where state and start stand in `/proc/<pid>/stat` behind the name, which may hold spaces itself (proc(5), fields 3 and 22). */
const STATE_AT = 0
const START_AT = 19

/**
 * When a process started, in clock ticks after boot: no other process of this boot has that number and that start.
 * `undefined` for one that is gone or a zombie, which has ended and only waits for its parent to ask how, and where there is no `/proc`.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[STATE_AT] === 'Z' ? undefined : fields[START_AT]
  } catch {
    return undefined
  }
}

/** A text that no other process has, now or after a restart of the machine; `undefined` when no such process runs. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined)
  // Without /proc the number has to do.
  if (boot === undefined) return isRunning(pid) ? `${pid}` : undefined
  const start = await processStart(pid)
  return start === undefined ? undefined : `${pid} ${start} ${boot.trim()}`
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
