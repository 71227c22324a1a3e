/** The files of a folder and what they import, read as text: what the house rules are checked on. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

export type SourceFile = {
  /** Path from the root of the tree, with `/`. */
  path: string
  text: string
  /** Local files it imports or re-exports from, type imports too; paths from the root of the tree. */
  imports: string[]
}

// Statements begin a line once comments are gone; `import('…')` may stand anywhere.
const STATEMENT = /^\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g

/** The text without comments, so that an example in a doc is no import. Lines are kept. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/^\s*\/\/.*$/gm, '')
}

/** Local imports of a file's text, resolved against its path. */
export function importsOf(path: string, text: string): string[] {
  const bare = withoutComments(text)
  const found = [...bare.matchAll(STATEMENT), ...bare.matchAll(DYNAMIC)].map((match) => match[1] ?? match[2] ?? '')
  return found.filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(path), name)))
}

/** All TypeScript files below `folder` of `root`. */
export function readSources(root: string, folder: string): SourceFile[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => relative(root, join(root, folder, name)).replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}
