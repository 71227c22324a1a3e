/** How sources become a binary, and a bundle for Node. */
import { basename, dirname } from 'node:path'
import { libsqlPlugin } from './libsql-plugin.ts'

/** A binary's name, Bun's word for its machine, and that of libSQL's addon. */
export const TARGETS = {
  'linux-x64': { compileTarget: 'bun-linux-x64', addon: 'linux-x64-gnu' },
  'linux-arm64': { compileTarget: 'bun-linux-arm64', addon: 'linux-arm64-gnu' },
} as const

export type Target = keyof typeof TARGETS

/** Compiles one binary; the same sources and name of `outfile` give the same bytes in any folder. */
export async function compileBinary(target: Target, entry: string, outfile: string): Promise<void> {
  const { compileTarget, addon } = TARGETS[target]
  const built = await Bun.build({
    entrypoints: [entry],
    target: 'bun',
    format: 'esm',
    minify: true,
    bytecode: true,
    // What is imported dynamically is a file of its own, read when a verb asks for it: the demo's data alone took 20 ms and 10 MB.
    // That our modules do nothing when they are imported (`sideEffects` in package.json) lets a file leave out what a door names in vain.
    splitting: true,
    plugins: [libsqlPlugin(addon)],
    define: { 'process.env.NODE_ENV': '"production"' },
    // A binary that is started in a customer's folder reads nothing there that Bun would read on its own.
    compile: { target: compileTarget, outfile, autoloadDotenv: false, autoloadBunfig: false },
  })
  if (!built.success) throw new AggregateError(built.logs, `the binary for ${target} could not be built`)
}

/** Bundles for Node ≥ 20. The addon stays outside: Node finds it in the node_modules of the installed package. */
export async function bundleForNode(entry: string, outfile: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [entry],
    target: 'node',
    format: 'esm',
    outdir: dirname(outfile),
    naming: basename(outfile),
    external: ['libsql', '@libsql/linux-*'],
  })
  if (!built.success) throw new AggregateError(built.logs, 'the bundle for Node could not be built')
}
