import { expect, test } from 'bun:test'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSources, withoutComments } from '../../scripts/source-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What a file takes along when it is loaded: no types, and nothing that is imported by `import(…)` or `require`. */
const TAKEN = /^\s*(?:import|export)\b(?!\s+type\b)[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm

/** What is loaded with a file: our own files, and packages, each with the file that imports it. */
function loadedBy(entry: string): { loaded: Set<string>; packages: Map<string, string> } {
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
  return { loaded, packages }
}

test('a start of a Runtime loads no library that only some Runtimes need, or only some hours', () => {
  const { packages } = loadedBy('src/runtime/start.ts')
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

test('pages and API of a Runtime are loaded with the first that a person asks, and not with a start', () => {
  const ofPeople = (path: string) =>
    /^src\/runtime\/(people-app|routes\/pages|routes\/api|routes\/\w+-pages)\.tsx?$/.test(path)
  expect([...loadedBy('src/runtime/people-app.ts').loaded].filter(ofPeople).length).toBeGreaterThan(15)
  expect([...loadedBy('src/runtime/start.ts').loaded].filter(ofPeople)).toEqual([])
})
