/** The command as its users start it: a process of its own, by this program's entry file. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Launch } from '../../../src/cli/demo/stage.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')

/** How the stage of the demo starts a server from a test. */
export const launch: Launch = (args) => [process.execPath, MAIN, ...args]

/** The machine's environment without settings of ours. */
function plainEnvironment(): Record<string, string> {
  const pairs = Object.entries(process.env).filter(([name]) => !name.startsWith('SLUICE_'))
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** What an interrupted command gets to end what it started. */
const LAST_MS = 25_000

export type Finished = { exit: number | null; out: string; err: string }

/** Runs `sluice <words>` as a process to its end, interrupted once it has said `interruptAt`; after `limitMs` too, then killed. */
export function sluiceProcess(
  words: readonly string[],
  options: { env?: Record<string, string>; limitMs?: number; interruptAt?: string } = {},
): Promise<Finished> {
  const { env = {}, limitMs = 60_000, interruptAt } = options
  const child = spawn(process.execPath, [MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...plainEnvironment(), ...env },
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
    if (interruptAt !== undefined && said.err.includes(interruptAt)) child.kill('SIGINT')
  })
  // Interrupted it takes what it started along.
  const timers = [
    setTimeout(() => child.kill('SIGINT'), limitMs),
    setTimeout(() => child.kill('SIGKILL'), limitMs + LAST_MS),
  ]
  return new Promise((resolve) => {
    child.once('close', (exit) => {
      for (const timer of timers) clearTimeout(timer)
      resolve({ exit, ...said })
    })
  })
}
