/** Holds the doors: what a room's `mod.ts` hands out has a comment that says what it is, and every error code is one class's own. */
import { dirname, join, normalize } from 'node:path'
import { readSources, type SourceFile } from './source-files.ts'

/** Of all names handed out, at least this share is documented. */
const DOCUMENTED_MIN = 0.93

type Handed = { name: string; path: string }

/** The names that a door lists, with the file each comes from. */
function handedOut(door: SourceFile): Handed[] {
  const lists = door.text.matchAll(/export\s+(?:type\s+)?\{([^}]*)\}\s*from\s*['"]([^'"]+)['"]/g)
  return [...lists].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type\s+/, '')
            .split(/\s+as\s+/)[0] ?? '',
      )
      .filter((name) => name !== '')
      .map((name) => ({ name, path: normalize(join(dirname(door.path), from)) })),
  )
}

/**
 * Whether the declaration of `name` in that text has a doc comment right above it, or is the first thing its file hands out,
 * which the file's own first comment describes.
 */
export function isDocumented(text: string, name: string): boolean {
  const declaration = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:async )?(?:function\\*?|class|const|let|type|interface|enum) ${name}\\b`,
    'gm',
  )
  const first = /^export (?!type\s*\{)(?!\{)/m.exec(text)?.index
  return [...text.matchAll(declaration)].some(
    ({ index }) => /\*\/\s*$/.test(text.slice(0, index)) || (index === first && text.startsWith('/**')),
  )
}

/** Names handed out without a comment, as `file: name`, and how many there are in all. */
export function undocumented(files: readonly SourceFile[]): { missing: string[]; total: number } {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const doors = files.filter((file) => /^src\/[^/]+\/mod\.ts$/.test(file.path))
  const handed = doors.flatMap(handedOut)
  const missing = handed.filter(({ name, path }) => !isDocumented(byPath.get(path)?.text ?? '', name))
  return { missing: missing.map(({ name, path }) => `${path}: ${name}`), total: handed.length }
}

/** Error codes that more than one class claims. */
export function sharedCodes(files: readonly SourceFile[]): string[] {
  const claims = new Map<string, string[]>()
  for (const { path, text } of files) {
    for (const [, code = ''] of text.matchAll(/\bcode\s*=\s*'([a-z0-9_.]+)'\s*as const/g)) {
      claims.set(code, [...(claims.get(code) ?? []), path])
    }
  }
  return [...claims].filter(([, paths]) => paths.length > 1).map(([code, paths]) => `${code}: ${paths.join(', ')}`)
}

if (import.meta.main) {
  const files = readSources(join(import.meta.dirname, '..'), 'src')
  const { missing, total } = undocumented(files)
  const shared = sharedCodes(files)
  for (const line of [...missing, ...shared]) console.error(line)
  const share = total === 0 ? 1 : (total - missing.length) / total
  console.log(
    `${(share * 100).toFixed(1)} % of ${total} names handed out are documented, ${shared.length} codes are shared`,
  )
  process.exit(share >= DOCUMENTED_MIN && shared.length === 0 ? 0 : 1)
}
