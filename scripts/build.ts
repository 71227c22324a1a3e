/**
 * Builds what is shipped: the binary of each target whose addon is installed, and the bundle for Node.
 * `bun scripts/build.ts [--entry src/main.ts] [--out dist] [--only linux-x64|linux-arm64|node]`
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleForNode, compileBinary, TARGETS, type Target } from './compile.ts'

const root = resolve(import.meta.dirname, '..')

function report(path: string): void {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  console.log(`${sha256}  ${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB`)
}

const { values } = parseArgs({
  options: {
    entry: { type: 'string', default: join(root, 'src/main.ts') },
    out: { type: 'string', default: join(root, 'dist') },
    only: { type: 'string' },
  },
})
const [entry, out] = [resolve(values.entry), resolve(values.out)]
mkdirSync(join(out, 'node'), { recursive: true })
for (const [target, { addon }] of Object.entries(TARGETS)) {
  if (values.only !== undefined && values.only !== target) continue
  if (!existsSync(join(root, 'node_modules/@libsql', addon))) {
    console.log(`sluice-${target} is left out: the package @libsql/${addon} is not installed`)
    continue
  }
  const outfile = join(out, `sluice-${target}`)
  await compileBinary(target as Target, entry, outfile)
  report(outfile)
}
if (values.only === undefined || values.only === 'node') {
  const outfile = join(out, 'node/sluice.mjs')
  await bundleForNode(entry, outfile)
  report(outfile)
}
