/** The program: hands the process's words, environment and signals to the command, and leaves with its exit code. */
import { configureLogs, run } from './cli/mod.ts'

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())

configureLogs(process.env['SLUICE_LOG'])
const exitCode = await run(process.argv.slice(2), {
  terminal: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stdout.isTTY,
  },
  environment: process.env,
  root: process.getuid?.() === 0,
  signal: stopping.signal,
})
// A worker stays until its channel closes; everything else has ended by now.
process.exitCode = exitCode
