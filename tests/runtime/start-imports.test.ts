import { expect, test } from 'bun:test'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSources, withoutComments } from '../../scripts/source-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What a file takes along when it is loaded: no types, and nothing that is imported by `import(…)` or `require`. */
const TAKEN = /^\s*(?:import|export)\b(?!\s+type\b)[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm

/** The packages that are loaded with a file, each with the file that imports it. */
function packagesLoadedBy(entry: string): Map<string, string> {
  const texts = new Map(readSources(ROOT, 'src').map(({ path, text }) => [path, withoutComments(text)]))
  const [loaded, ahead, packages] = [new Set<string>(), [entry], new Map<string, string>()]
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    if (loaded.has(path)) continue
    loaded.add(path)
    for (const [, from, bare] of (texts.get(path) ?? '').matchAll(TAKEN)) {
      const name = from ?? bare ?? ''
      if (name.startsWith('.')) ahead.push(normalize(join(dirname(path), name)))
      else packages.set(name, path)
    }
  }
  return packages
}

test('a start of a Runtime loads no library that only some Runtimes need, or only some hours', () => {
  const packages = packagesLoadedBy('src/runtime/mod.ts')
  expect(packages.has('valibot')).toBe(true)
  const rare = [
    '@dagrejs/dagre',
    '@marcbachmann/cel-js',
    '@peculiar/x509',
    'acme-client',
    'nodemailer',
    'pkijs',
    'reflect-metadata',
    'yaml',
  ]
  expect(rare.flatMap((name) => (packages.has(name) ? [`${name} by ${packages.get(name)}`] : []))).toEqual([])
})
