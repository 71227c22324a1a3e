/** How much memory a process holds, from where its own code cannot lie about it. */
import { readFile } from 'node:fs/promises'

/** Linux pages on x64; arm64 kernels of the distributions we name use 4 KiB too. */
const PAGE_BYTES = 4_096

/** Resident bytes by `/proc/<pid>/statm` (proc(5)); `undefined` where there is none, and for a process that is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const pages = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]
    return pages === undefined ? undefined : Number(pages) * PAGE_BYTES
  } catch {
    return undefined
  }
}
