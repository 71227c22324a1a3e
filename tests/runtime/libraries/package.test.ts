import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { type Bytes, concatBytes, utf8 } from '../../../src/base/mod.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { LIBRARY_BYTES_MAX, readPackage, UNPACKED_BYTES_MAX } from '../../../src/runtime/libraries/package.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { npmTarball, tarball } from '../../support/runtime/tarball.ts'

const ofTarball = (content: Bytes) => readPackage({ file: 'x.tgz', content })
const ofModule = (file: string, text: string, more: { name?: string; version?: string } = {}) =>
  readPackage({ file, content: utf8(text), ...more })

describe('an npm tarball', () => {
  test('says its name, version, entry and files, with the hash of the file as it is', async () => {
    const content = npmTarball({ dependencies: { zebra: '1', ant: '^2' } })
    expect(await ofTarball(content)).toEqual({
      ...{ name: 'left-pad', version: '1.3.0', entry: 'index.js', dependencies: ['ant', 'zebra'] },
      sha256: await sha256Hex(content),
      files: [
        { path: 'package.json', bytes: expect.any(Number) },
        { path: 'index.js', bytes: 34 },
      ],
    })
  })

  for (const [title, manifest, entry] of [
    ['`exports` as a text', { exports: './lib/a.js' }, 'lib/a.js'],
    [
      '`exports` with conditions',
      { exports: { '.': { require: './x.cjs', import: { default: './lib/a.js' } } } },
      'lib/a.js',
    ],
    ['`module` before `main`', { module: 'lib/a.js', main: 'index.js' }, 'lib/a.js'],
    ['`main` without its ending', { main: './lib/a' }, 'lib/a.js'],
    ['`main` as a folder', { main: 'lib' }, 'lib/index.js'],
    ['nothing', { main: undefined }, 'index.js'],
  ] as const) {
    test(`names its entry by ${title}`, async () => {
      const more = ['lib/a.js', 'lib/index.js'].map((path) => ({ path: `package/${path}`, content: '' }))
      expect((await ofTarball(npmTarball(manifest, more))).entry).toBe(entry)
    })
  }

  test('whose entry is not in it, leads outside or is no module, is refused', async () => {
    const deep = { import: { import: { import: { import: { import: './index.js' } } } } }
    for (const manifest of [
      ...[{ main: 'missing.js' }, { main: '../../etc/passwd' }, { main: '/etc/passwd' }, { main: 'package.json' }],
      ...[{ exports: './missing.js' }, { exports: '__proto__' }, { main: 'constructor' }],
    ]) {
      expect(await refusalOf(() => ofTarball(npmTarball(manifest)))).toBe('library.malformed')
    }
    // What is nested deeper than anybody nests is not followed; `main` counts then.
    expect((await ofTarball(npmTarball({ exports: deep }))).entry).toBe('index.js')
  })

  test('whose name or version is none is refused, and neither is repeated', async () => {
    for (const manifest of [
      ...[{ name: '../evil' }, { name: 'UPPER' }, { name: '@a/b/c' }, { name: 'a'.repeat(129) }, { name: 7 }],
      ...[
        { version: 'latest' },
        { version: '1.2' },
        { version: '1.2.3+x' },
        { version: '01234567890.1.1' },
        { version: null },
      ],
    ]) {
      const error = await ofTarball(npmTarball(manifest)).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'library.malformed' })
      expect(error.message).not.toContain('evil')
    }
    expect((await ofTarball(npmTarball({ name: '@scope/left-pad', version: '1.2.3-rc.1' }))).name).toBe(
      '@scope/left-pad',
    )
  })

  test('without a manifest, with one that is no JSON, or none at all, is refused', async () => {
    const index = { path: 'package/index.js', content: '' }
    for (const entries of [
      [index],
      [index, { path: 'package/package.json', content: '{' }],
      [index, { path: 'package/package.json', content: '[]' }],
      [index, { path: 'package/package.json', content: new Uint8Array([0xff]) }],
      [],
    ]) {
      expect(await refusalOf(() => ofTarball(tarball(entries)))).toBe('library.malformed')
    }
  })

  test('whose manifest is deep, long, or names too much is refused', async () => {
    const withManifest = (content: string) =>
      tarball([
        { path: 'package/package.json', content },
        { path: 'package/index.js', content: '' },
      ])
    const head = '{"name":"a","version":"1.0.0","x":'
    expect(await refusalOf(() => ofTarball(withManifest(`${head}${'['.repeat(200_000)}`)))).toBe('library.malformed')
    const padded = (bytes: number): string => `${head}"${'x'.repeat(bytes - head.length - 3)}"}`
    expect(await refusalOf(() => ofTarball(withManifest(padded(262_144))))).toBe('nothing')
    expect(await refusalOf(() => ofTarball(withManifest(padded(262_145))))).toBe('library.too_large')
    const many = (count: number) => ({
      dependencies: Object.fromEntries(Array.from({ length: count }, (_, at) => [`d${at}`, '1'])),
    })
    expect((await ofTarball(npmTarball(many(256)))).dependencies).toHaveLength(256)
    expect(await refusalOf(() => ofTarball(npmTarball(many(257))))).toBe('library.malformed')
  })

  test('that is cut off or bent is refused', async () => {
    const whole = npmTarball()
    for (const length of [2, 10, 20, whole.byteLength - 9, whole.byteLength - 1]) {
      expect(await refusalOf(() => ofTarball(whole.slice(0, length)))).toBe('library.malformed')
    }
    const bent = whole.slice()
    bent[whole.byteLength - 6] = (bent[whole.byteLength - 6] ?? 0) ^ 1
    expect(await refusalOf(() => ofTarball(bent))).toBe('library.malformed')
  })

  slowTest('that unpacks to one byte more than 32 MiB is refused before it is all there', async () => {
    const zeros = (bytes: number): Bytes => new Uint8Array(gzipSync(Buffer.alloc(bytes)))
    expect(await refusalOf(() => ofTarball(zeros(UNPACKED_BYTES_MAX)))).toBe('library.malformed')
    expect(await refusalOf(() => ofTarball(zeros(UNPACKED_BYTES_MAX + 1)))).toBe('library.too_large')
  })

  test('of one byte more than 8 MiB is refused', async () => {
    const whole = npmTarball()
    const padded = (bytes: number): Bytes => concatBytes(whole, new Uint8Array(bytes - whole.byteLength))
    expect(await refusalOf(() => ofTarball(padded(LIBRARY_BYTES_MAX + 1)))).toBe('library.too_large')
    expect(await refusalOf(() => ofTarball(padded(LIBRARY_BYTES_MAX)))).not.toBe('library.too_large')
  })

  test('is not run: a module that throws, and scripts of its installation, do nothing', async () => {
    const scripts = { preinstall: 'touch /tmp/never', install: 'false', postinstall: 'false' }
    const content = npmTarball({ scripts, main: 'bad.js' }, [
      { path: 'package/bad.js', content: 'throw new Error("run")' },
    ])
    expect((await ofTarball(content)).entry).toBe('bad.js')
  })
})

describe('a module', () => {
  test('is a library of its own name, and of a version by its content', async () => {
    const read = await ofModule('/home/me/Prices.ts', 'export const a = 1\n')
    expect(read).toMatchObject({ name: 'prices', entry: 'index.ts', dependencies: [] })
    expect(read.version).toBe(`0.0.0-${read.sha256.slice(0, 12)}`)
    expect((await ofModule('prices.ts', 'export const a = 2\n')).version).not.toBe(read.version)
    expect(await ofModule('a.mjs', '', { name: 'b', version: '2.0.0' })).toMatchObject({ name: 'b', version: '2.0.0' })
  })

  test('of another ending, of no text, or of a name that is none is refused', async () => {
    for (const file of ['a.json', 'a', 'a.node', '.ts', 'a.tsx', 'a b.ts', 'ä.ts']) {
      expect(await refusalOf(() => ofModule(file, ''))).toBe('library.malformed')
    }
    expect(await refusalOf(() => readPackage({ file: 'a.ts', content: new Uint8Array([0xff]) }))).toBe(
      'library.malformed',
    )
    expect(await refusalOf(() => ofModule('a.ts', '', { version: 'one' }))).toBe('library.malformed')
  })
})
