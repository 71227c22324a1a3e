/** What a crash may leave of a process on disk. */
import { writeFileSync } from 'node:fs'
import process from 'node:process'

/**
 * Leaves memory out of the core dump of this process, and of every process that it starts from now on (Linux, core(5): the filter of mappings,
 * kept over fork and exec): keys and what people keep lie there. Gives whether it was set; elsewhere, or where /proc is not writable, the
 * system's own limit (`ulimit -c 0`) is what is left.
 */
export function leaveMemoryOutOfCoreDumps(): boolean {
  if (process.platform !== 'linux') return false
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
    return true
  } catch {
    return false
  }
}
