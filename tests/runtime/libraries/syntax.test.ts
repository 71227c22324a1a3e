import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { utf8 } from '../../../src/base/mod.ts'
import { contentsOf, type Install, readPackage } from '../../../src/runtime/libraries/package.ts'
import { parsingBy } from '../../../src/runtime/libraries/parsing.ts'
import { faultIn } from '../../../src/runtime/libraries/syntax.ts'
import { launcher } from '../../../src/runtime/supervision/worker-process.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { npmTarball } from '../../support/runtime/tarball.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(30_000)

async function faultOf(install: Install) {
  return faultIn(await contentsOf(install), (await readPackage(install)).entry)
}
const ofModule = (text: string, file = 'a.ts') => faultOf({ file, content: utf8(text) })
const ofTarball = (manifest: Record<string, unknown>, files: Record<string, string>) =>
  faultOf({
    file: 'a.tgz',
    content: npmTarball(
      manifest,
      Object.entries(files).map(([path, content]) => ({ path: `package/${path}`, content })),
    ),
  })

describe('a module', () => {
  for (const [title, text, file] of [
    ['TypeScript', 'export const a: number = 1 satisfies number\nexport type B = typeof a', 'a.ts'],
    ['JavaScript', 'import { b } from "elsewhere"\nexport default await b()', 'a.js'],
    ['CommonJS', 'module.exports = function () { return 1 }', 'a.js'],
    ['an empty file', '', 'a.mjs'],
  ] as const) {
    test(`of ${title} parses`, async () => {
      expect(await ofModule(text, file)).toBeUndefined()
    })
  }

  test('that does not parse is named with line and column', async () => {
    expect(await ofModule('export const a = 1\nexport const = 2\n')).toMatchObject({
      ...{ path: 'index.ts', line: 2, column: 14 },
      message: expect.stringContaining('Expected identifier'),
    })
  })

  test('of types in a JavaScript file is none', async () => {
    expect(await ofModule('export const a: number = 1', 'a.js')).toMatchObject({ path: 'index.js', line: 1 })
  })

  test('with a macro is refused, and the macro is not run', async () => {
    using folder = temporaryFolder()
    const ran = folder.file('ran')
    writeFileSync(
      folder.file('macro.ts'),
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(ran)}, '')\nexport const x = () => 1`,
    )
    const text = `import { x } from ${JSON.stringify(folder.file('macro.ts'))} with { type: 'macro' }\nexport const y = x()`
    expect(await ofModule(text)).toMatchObject({ message: 'Macros are disabled' })
    expect(existsSync(ran)).toBe(false)
  })

  test('that is nested without end is refused, not crashed on', async () => {
    for (const text of [
      '('.repeat(1_000_000),
      `x=${'['.repeat(500_000)}`,
      '{'.repeat(1_000_000),
      'a?b:'.repeat(500_000),
    ])
      expect(await ofModule(text)).toMatchObject({ message: 'Maximum call stack size exceeded' })
  })
})

describe('a tarball', () => {
  test('parses from its entry on, whatever lies beside that nothing imports', async () => {
    const files = {
      'fixtures/broken.js': 'const = 1',
      'lib/b.ts': 'export const b: number = 1',
      'lib/c.cjs': 'exports.c = 1',
    }
    const entry = "export { b } from './lib/b.js'\nconst c = require('./lib/c.cjs')\nimport x from 'fixtures'\n"
    expect(await ofTarball({ main: 'main.js' }, { ...files, 'main.js': entry })).toBeUndefined()
  })

  for (const [title, entry] of [
    ['an import', "import './lib/broken.js'"],
    ['an import of a TypeScript file by the name of what it becomes', "export * from './lib/typed.js'"],
    ['a dynamic import', "export const x = () => import('./lib/broken')"],
    ['`require`', "module.exports = require('./lib')"],
  ] as const) {
    test(`is refused for what its entry reaches by ${title}`, async () => {
      const files = { 'lib/broken.js': 'const = 1', 'lib/typed.ts': 'const: 1', 'lib/index.js': "require('./broken')" }
      const fault = await ofTarball({ main: 'main.js' }, { ...files, 'main.js': entry })
      expect(fault?.path).toMatch(/^lib\/(?:broken\.js|typed\.ts)$/)
    })
  }

  test('whose modules import each other in a circle is parsed to its end', async () => {
    const files = { 'a.js': "import './b.js'", 'b.js': "import './a.js'" }
    expect(await ofTarball({ main: 'a.js' }, files)).toBeUndefined()
  })
})

test('a library is parsed in a process of its own, and refused by name', async () => {
  const entry = fileURLToPath(new URL('../../support/runtime/worker-entry.ts', import.meta.url))
  const parse = parsingBy(launcher(() => 536_870_912, { entry }))
  const install = async (text: string): Promise<void> => {
    const content = utf8(text)
    await parse({ file: 'a.ts', content }, await readPackage({ file: 'a.ts', content }))
  }
  const [sound, broken] = await Promise.all([
    install('export const a: number = 1').catch((error) => error),
    install('export const a: = 1').catch((error) => error),
  ])
  expect(sound).toBeUndefined()
  expect(broken).toMatchObject({
    code: 'library.syntax',
    message: expect.stringMatching(/^index\.ts does not parse at line 1, column \d+: /),
  })
})
