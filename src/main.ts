/** The program: hands the process's words, environment and signals to the command, and leaves with its exit code. */
import { askHidden, configureLogs, run } from './cli/mod.ts'
import { leaveMemoryOutOfCoreDumps } from './host/mod.ts'

leaveMemoryOutOfCoreDumps()
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())

configureLogs(process.env['SLUICE_LOG'])
const say = (text: string): void => void process.stderr.write(text)
// A process that runs out of work before the command has an exit code has not done what it was asked.
process.exitCode = 1
await new Promise<void>((loaded) => {
  run(process.argv.slice(2), {
    terminal: {
      out: (text) => void process.stdout.write(text),
      err: say,
      interactive: process.stdout.isTTY,
      ...(process.stdin.isTTY && { ask: (question) => askHidden(process.stdin, say, question) }),
    },
    environment: process.env,
    root: process.getuid?.() === 0,
    signal: stopping.signal,
    // Bun lets go of the pages that it read a binary's sources and libraries from once this file is evaluated: 18 MB of a Runtime.
    onStanding: loaded,
  }).then(
    (exitCode) => {
      // A worker stays until its channel closes; everything else has ended by now.
      process.exitCode = exitCode
      loaded()
    },
    // The command answers for whatever fails in it; this is a program that could not be loaded whole. Bun's loop spins for ever under a
    // file that waits, so it must not.
    (error: unknown) => {
      say(`${error instanceof Error ? error.stack : error}\n`)
      loaded()
    },
  )
})
