/** What this executable is: version, host, and whether it is the compiled binary. */
import packageFile from '../../package.json' with { type: 'json' }

/** See `buildFacts`. */
export interface BuildFacts {
  version: string
  host: 'bun' | 'node' | 'deno'
  /** True in the single executable that `scripts/build.ts` makes. */
  compiled: boolean
}

function currentHost(): BuildFacts['host'] {
  if ('Bun' in globalThis) return 'bun'
  return 'Deno' in globalThis ? 'deno' : 'node'
}

/** Facts of the running program; they never change while it runs. */
export const buildFacts: Readonly<BuildFacts> = Object.freeze({
  version: packageFile.version,
  host: currentHost(),
  // Bun keeps the modules of a compiled binary under this virtual root (`B:/~BUN/` on Windows).
  compiled: import.meta.url.includes('/$bunfs/') || import.meta.url.includes('/~BUN/'),
})
