/** `node scripts/run.mjs <file> [args]`: installs what is missing, then runs a TypeScript file under Bun with this terminal. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { bun, ensureInstalled, root } from './ensure.mjs'

const [file, ...args] = process.argv.slice(2)
ensureInstalled()
const child = spawn(bun, [file.startsWith('/') ? file : `${root}/${file}`, ...args], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
