/** What is in a file that is to be a library: a module, or an npm package in its tarball. It is read and never run. */
import { promisify } from 'node:util'
import { gunzip as gunzipWithCallback } from 'node:zlib'
import * as v from 'valibot'
import { type Bytes, fromUtf8 } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import { LibraryMalformed, LibraryTooLarge } from './errors.ts'
import { readTar, type TarFiles } from './tar.ts'

/** A file that is installed: 8 MiB, as much as a script with its libraries may be. */
export const LIBRARY_BYTES_MAX = 8 * 1_024 * 1_024
/** What it unpacks to: 32 MiB, four times that; gzip makes a thousandth of zeros. */
export const UNPACKED_BYTES_MAX = 32 * 1_024 * 1_024

export type LibraryPackage = {
  name: string
  version: string
  /** Path of the module that scripts import. */
  entry: string
  /** Names of packages that it imports in turn: they are to be installed as well. */
  dependencies: string[]
  sha256: string
  files: { path: string; bytes: number }[]
}

/** `name` and `version` are for a module that says neither. */
export type Install = { file: string; content: Bytes; name?: string | undefined; version?: string | undefined }

/** A manifest and what it imports: npm's own are far below. 256 KiB are parsed in a moment. */
const MANIFEST_BYTES_MAX = 262_144
const DEPENDENCIES_MAX = 256

/** A module that scripts import: by the ending of its file, JavaScript or TypeScript. */
const MODULE = /\.(?:m?js|m?ts)$/

const gunzip = promisify(gunzipWithCallback)
const GZIP = [0x1f, 0x8b]

// https://github.com/npm/validate-npm-package-name, and https://semver.org without build metadata.
const PackageName = v.pipe(
  v.string(),
  v.maxLength(128),
  v.regex(/^(?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/, 'must be the name of an npm package'),
)
const PackageVersion = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,40})?$/, 'must be a version such as 1.2.3'),
)
const PackageJson = v.object({
  name: PackageName,
  version: PackageVersion,
  main: v.optional(v.string()),
  module: v.optional(v.string()),
  exports: v.optional(v.unknown()),
  dependencies: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown()),
      v.maxEntries(DEPENDENCIES_MAX, `has more than ${DEPENDENCIES_MAX} entries`),
    ),
    {},
  ),
})
type PackageJson = v.InferOutput<typeof PackageJson>

/** Reads it whole. Refuses `library.malformed` and `library.too_large`. */
export async function readPackage(install: Install): Promise<LibraryPackage> {
  const { content } = install
  if (content.byteLength > LIBRARY_BYTES_MAX) {
    throw new LibraryTooLarge(`a library has at most ${LIBRARY_BYTES_MAX} bytes`)
  }
  const about = isTarball(content) ? fromTarball(readTar(await unpacked(content))) : await fromModule(install)
  return { ...about, sha256: await sha256Hex(content) }
}

/** The content of each of its files by its path, of a file that `readPackage` takes. */
export async function contentsOf({ file, content }: Pick<Install, 'file' | 'content'>): Promise<TarFiles> {
  return isTarball(content) ? readTar(await unpacked(content)) : new Map([[moduleName(file).entry, content]])
}

function isTarball(content: Bytes): boolean {
  return GZIP.every((byte, at) => content[at] === byte)
}

/** What a file is called without its ending, and under which name scripts get it. */
function moduleName(file: string): { stem: string; entry: string } {
  const base = file.split(/[/\\]/).at(-1) ?? ''
  const ending = MODULE.exec(base)?.[0]
  if (ending === undefined || ending === base)
    throw new LibraryMalformed('the file is neither a tarball nor a .js, .mjs, .ts or .mts module')
  return { stem: base.slice(0, -ending.length), entry: `index${ending}` }
}

/** The module's own file under its name: what scripts get. */
async function fromModule({ file, content, name, version }: Install): Promise<Omit<LibraryPackage, 'sha256'>> {
  const { stem, entry } = moduleName(file)
  if (textOf(content) === undefined) throw new LibraryMalformed('the module is not text in UTF-8')
  // Without a version each content is one of its own.
  const digest = await sha256Hex(content)
  const about = parsed(v.object({ name: PackageName, version: PackageVersion }), {
    name: name ?? stem.toLowerCase(),
    version: version ?? `0.0.0-${digest.slice(0, 12)}`,
  })
  return { ...about, entry, dependencies: [], files: [{ path: entry, bytes: content.byteLength }] }
}

function fromTarball(files: TarFiles): Omit<LibraryPackage, 'sha256'> {
  const manifest = files.get('package.json')
  if (!manifest) throw new LibraryMalformed('the tarball holds no package.json')
  if (manifest.byteLength > MANIFEST_BYTES_MAX) {
    throw new LibraryTooLarge(`package.json has more than ${MANIFEST_BYTES_MAX} bytes`)
  }
  const about = parsed(PackageJson, jsonOf(manifest))
  return {
    ...{ name: about.name, version: about.version, entry: entryOf(about, files) },
    dependencies: Object.keys(about.dependencies)
      .filter((name) => v.is(PackageName, name))
      .sort(),
    files: [...files].map(([path, content]) => ({ path, bytes: content.byteLength })),
  }
}

async function unpacked(content: Bytes): Promise<Bytes> {
  try {
    // On a thread of its own, and not a byte beyond the bound.
    return new Uint8Array(await gunzip(content, { maxOutputLength: UNPACKED_BYTES_MAX }))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new LibraryTooLarge(`the tarball unpacks to more than ${UNPACKED_BYTES_MAX} bytes`)
    }
    throw new LibraryMalformed('the tarball is damaged')
  }
}

/** The module that is meant by `exports`, `module`, `main` or by default; it must be there. */
function entryOf({ exports, module, main }: PackageJson, files: TarFiles): string {
  const wanted = exportOf(exports) ?? module ?? main ?? 'index.js'
  const path = wanted.replace(/^\.\//, '')
  const found = [path, `${path}.js`, `${path}/index.js`].find((candidate) => files.has(candidate))
  if (found === undefined || !MODULE.test(found)) {
    throw new LibraryMalformed('the module that package.json names is not in the tarball')
  }
  return found
}

/** What `import` of the package's own name means, as Node resolves it; conditions nest a few levels at most. */
function exportOf(exports: unknown, depth = 0): string | undefined {
  if (typeof exports === 'string') return exports
  if (depth > 4 || typeof exports !== 'object' || exports === null) return undefined
  const conditions = new Map<string, unknown>(Object.entries(exports))
  for (const key of ['.', 'import', 'module', 'default']) {
    const found = conditions.has(key) ? exportOf(conditions.get(key), depth + 1) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function jsonOf(bytes: Bytes): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '')
  } catch {
    throw new LibraryMalformed('package.json is not JSON')
  }
}

function textOf(bytes: Bytes): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    return undefined
  }
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new LibraryMalformed(
    `${v.getDotPath(issue) ?? 'package.json'} ${issue.kind === 'validation' ? issue.message : 'is missing'}`,
  )
}
