import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import { FLOORS } from '../../scripts/check-floors.ts'
import { errorClasses, reasonCodes } from '../../scripts/docs/errors.ts'
import { generatedPapers } from '../../scripts/docs.ts'
import { readSources, type SourceFile } from '../../scripts/source-files.ts'

const root = join(import.meta.dirname, '../..')
const generated = await generatedPapers()
const sources = readSources(root, 'src')

/** Every paper, by its path from the root; the generated ones as the code would have them. */
const papers = new Map(
  [...readdirSync(root), ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, generated.get(path) ?? readFileSync(join(root, path), 'utf8')]),
)

function paper(path: string): string {
  return papers.get(path) ?? ''
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

/** What stands in backticks, a line break in it read as a space. */
function quoted(text: string): string[] {
  return [...withoutCode(text).matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? '').replace(/\s+/g, ' '))
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function brokenLinks(path: string, text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
  return targets
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#')
      const there = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(root, there))) return true
      return anchor !== undefined && !anchorsOf(papers.get(there) ?? '').includes(anchor)
    })
    .map((target) => `${path}: ${target}`)
}

/** Places that a paper names as "`name` in `path`" where that file has no such name. */
function missingNames(path: string, text: string): string[] {
  const pairs = [...withoutCode(text).matchAll(/`#?([\w]+)`(?:,? and `#?(\w+)`)?\s+in\s+`((?:src|scripts)\/[^`]+)`/g)]
  return pairs.flatMap(([, name = '', second, file = '']) => {
    const content = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
    return [name, second ?? name]
      .filter((word) => !new RegExp(`\\b${word}\\b`).test(content))
      .map((word) => `${path}: ${word} in ${file}`)
  })
}

describe('generated papers', () => {
  test('are what the code says', () => {
    const changed = [...generated].filter(
      ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text,
    )
    // Run `bun scripts/docs.ts` to write them.
    expect(changed.map(([path]) => path)).toEqual([])
  })

  test('come out the same twice, whatever the terminal', async () => {
    const before = process.env['COLUMNS']
    process.env['COLUMNS'] = '200'
    const again = await generatedPapers()
    if (before === undefined) delete process.env['COLUMNS']
    else process.env['COLUMNS'] = before
    expect([...again]).toEqual([...generated])
  })

  test('have every verb, every setting, every component and every error class', () => {
    for (const verb of ['platform', 'runtime enrol', 'peer accept', 'blueprint deploy', 'deployment approve', 'demo'])
      expect(paper('docs/cli.md')).toContain(`## \`sluice ${verb}\``)
    expect(paper('docs/cli.md')).not.toContain('sluice worker')
    expect(paper('docs/settings.md')).toContain('`SLUICE_BRIDGE_PORT`')
    expect(paper('docs/components.md')).toContain('## `json_lines_file`, source')
    expect(paper('docs/components.md')).toContain('## `json_lines_file`, sink')
    const claimed = sources.flatMap(({ text }) => [...text.matchAll(/\bcode = '([a-z0-9_.]+)' as const/g)])
    expect(errorClasses(sources).map(({ code }) => code)).toHaveLength(claimed.length)
  })
})

describe('errorClasses()', () => {
  function source(text: string): SourceFile {
    return { path: 'src/room/errors.ts', text, imports: [] }
  }

  test('reads code, kind, comment and advice, on one line or the next, in either quote', () => {
    const text = [
      '/** It is gone.\n * For good. */',
      'export class Gone extends AppError {',
      "  override readonly code = 'thing.gone' as const",
      "  override readonly kind = 'not_found' as const",
      '  override readonly advice =\n    "Look for the thing\'s backup."',
      '}',
      'class Odd extends AppError {',
      "  override readonly code = 'thing.odd' as const",
      '}',
    ].join('\n')
    expect(errorClasses([source(text)])).toEqual([
      {
        code: 'thing.gone',
        kind: 'not_found',
        name: 'Gone',
        summary: 'It is gone. For good.',
        advice: "Look for the thing's backup.",
        path: 'src/room/errors.ts',
      },
      { code: 'thing.odd', kind: 'invalid', name: 'Odd', summary: '', advice: '', path: 'src/room/errors.ts' },
    ])
  })

  test('reasonCodes() gives the codes that are no class’s, with what is filled in left open', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source.
    const text = "const a = { code: 'row.bad' }, b = { code: `row.${why}` }, c = { code: 'text/plain' }"
    expect(reasonCodes([source(text)]).map(({ code }) => code)).toEqual(['row.bad', 'row.…'])
  })
})

describe('the papers', () => {
  test('link to files and headings that exist', () => {
    expect([...papers].flatMap(([path, text]) => brokenLinks(path, text))).toEqual([])
  })

  test('of docs/ are all in its index', () => {
    const index = paper('docs/README.md')
    const missing = [...papers.keys()]
      .flatMap((path) => /^docs\/(.+)$/.exec(path)?.[1] ?? [])
      .filter((name) => name !== 'README.md' && !index.includes(`](${name})`))
    expect(missing).toEqual([])
  })

  test('name files and folders that exist', () => {
    const missing = [...papers].flatMap(([path, text]) =>
      quoted(text)
        .filter((word) => /^(?:src|scripts|tests|docs|examples)\/[\w./-]+$/.test(word))
        .filter((word) => !existsSync(join(root, word)))
        .map((word) => `${path}: ${word}`),
    )
    // STYLE.md shows where new files go; those need not be there.
    expect(missing.filter((line) => !line.startsWith('STYLE.md'))).toEqual([])
  })

  test('name functions and classes where they are', () => {
    expect([...papers].flatMap(([path, text]) => missingNames(path, text))).toEqual([])
  })

  test('name codes that the sources have', () => {
    const known = new Set([...errorClasses(sources), ...reasonCodes(sources)].map(({ code }) => code))
    const nouns = new Set([...known].map((code) => code.split('.')[0]))
    const unknown = ['ARCHITECTURE.md', 'PROTOCOL.md', 'SECURITY.md', 'README.md'].flatMap((path) =>
      quoted(paper(path))
        .filter((word) => /^[a-z0-9_]+\.[a-z0-9_…]+$/.test(word) && nouns.has(word.split('.')[0]))
        .filter((word) => !/\.(?:ts|db|json|key|md)$/.test(word) && !known.has(word))
        .map((word) => `${path}: ${word}`),
    )
    expect(unknown).toEqual([])
  })

  test('name verbs that the command has', () => {
    const help = paper('docs/cli.md')
    const unknown = ['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'SECURITY.md'].flatMap((path) =>
      quoted(paper(path))
        .flatMap((words) => /^(?:npx )?sluice ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/.exec(words)?.[1] ?? [])
        .filter((verb) => !['help', 'worker'].includes(verb))
        // The second word is a verb of its own, or what the first one takes.
        .filter((verb) => [verb, verb.split(' ')[0]].every((words) => !help.includes(`## \`sluice ${words}\``)))
        .map((verb) => `${path}: sluice ${verb}`),
    )
    expect(unknown).toEqual([])
  })

  test('give a reason for every dependency, and for nothing else', () => {
    const text = paper('ARCHITECTURE.md')
    const section = text.slice(text.indexOf('## Dependencies'), text.indexOf('## Deviations'))
    const named = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '')
    expect(named.sort()).toEqual(Object.keys(packageFile.dependencies).sort())
    const prose = section.slice(section.indexOf('Development:'))
    for (const name of Object.keys(packageFile.devDependencies)) expect(prose).toContain(`\`${name}\``)
  })

  test('draw every room that there is on its floor', () => {
    const rows = [...paper('ARCHITECTURE.md').matchAll(/^\| `([\w.]+)` \| (\d) \|/gm)]
    const drawn = Object.fromEntries(rows.map(([, room = '', floor]) => [room, Number(floor)]))
    const there = Object.entries(FLOORS).filter(([room]) => existsSync(join(root, 'src', room)))
    expect(drawn).toEqual(Object.fromEntries(there))
  })

  test('fit their bounds: a README of one screen, an architecture of 300 lines', () => {
    expect(paper('README.md').split('\n').length).toBeLessThanOrEqual(60)
    expect(paper('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(301)
    expect(statSync(join(root, 'docs')).isDirectory()).toBe(true)
  })
})
