import { describe, expect, test } from 'bun:test'
import { concatBytes, fromUtf8, utf8 } from '../../../src/base/mod.ts'
import { ENTRIES_MAX, PATH_LENGTH_MAX, readTar } from '../../../src/runtime/libraries/tar.ts'
import { refusalOf } from '../../support/refusal.ts'
import { pax, type TarEntry, tarOf } from '../../support/runtime/tarball.ts'

const file = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({ path, content: 'x', ...more })
const read = (...entries: TarEntry[]): Promise<string> => refusalOf(() => readTar(tarOf(entries)))

describe('readTar()', () => {
  test('gives every file below the package’s folder, in order', () => {
    const files = readTar(
      tarOf([
        { path: 'package/', type: '5' },
        file('package/package.json', { content: '{}' }),
        { path: 'package/lib/', type: '5' },
        file('package/lib/empty.js', { content: '' }),
        file('c.js', { prefix: 'package/lib/deep', content: 'x'.repeat(513) }),
      ]),
    )
    expect([...files].map(([path, content]) => [path, content.byteLength])).toEqual([
      ['package.json', 2],
      ['lib/empty.js', 0],
      ['lib/deep/c.js', 513],
    ])
  })

  test('takes the long path of a pax header, and skips what git writes of itself', () => {
    const long = `package/${'d/'.repeat(10)}${'a'.repeat(150)}.js`
    const files = readTar(
      tarOf([
        { path: 'pax_global_header', type: 'g', content: pax('comment', '0123456789abcdef') },
        { path: 'PaxHeader/x', type: 'x', content: `${pax('mtime', '1.5')}${pax('path', long)}` },
        file('package/cut.js', { content: 'long' }),
        file('package/short.js', { content: 'short' }),
      ]),
    )
    expect([...files.keys()]).toEqual([long.slice('package/'.length), 'short.js'])
    expect(fromUtf8(files.get('short.js') ?? new Uint8Array())).toBe('short')
  })

  for (const [title, path] of [
    ['an absolute name', '/etc/passwd'],
    ['a name that climbs', 'package/../../etc/passwd'],
    ['a name that climbs at once', '../passwd'],
    ['a name that climbs at its end', 'package/a/..'],
    ['a name with a dot for a folder', 'package/./a.js'],
    ['a name with an empty folder', 'package//a.js'],
    ['a name with a backslash', 'package\\..\\a.js'],
    ['a name of a drive', 'package/c:a.js'],
    ['a name with a line end', 'package/a\nb.js'],
    ['a name with an escape', 'package/\x1b[2Ja.js'],
    ['a name that turns the direction', 'package/a\u202esj.js'],
    ['a file beside the package’s folder', 'a.js'],
    ['no name', ''],
  ] as const) {
    test(`refuses ${title}, in the header and in a pax header`, async () => {
      expect(await read(file(path))).toBe('library.malformed')
      expect(await read({ path: 'x', type: 'x', content: pax('path', path) }, file('package/ok.js'))).toBe(
        'library.malformed',
      )
    })
  }

  for (const [title, type] of [
    ['a hard link', '1'],
    ['a symbolic link', '2'],
    ['a character device', '3'],
    ['a block device', '4'],
    ['a pipe', '6'],
    ['a GNU long name', 'L'],
    ['a GNU long link', 'K'],
    ['a sparse file', 'S'],
    ['an unknown type', 'Z'],
  ] as const) {
    test(`refuses ${title}`, async () => {
      expect(await read({ path: 'package/a.js', type, linkName: '/etc/passwd' })).toBe('library.malformed')
    })
  }

  test('refuses pax headers that change a size, make a link or do not read', async () => {
    for (const content of [
      ...[pax('size', '99999999999'), pax('linkpath', '/etc/passwd'), pax('GNU.sparse.name', 'x')],
      ...['7 x=y', '999 path=package/a.js\n', '0 \n', 'path=x\n', '5 ab\n', '99999999999999999999 a=b\n', '-5 a=b\n'],
    ]) {
      expect(await read({ path: 'x', type: 'x', content }, file('package/ok.js'))).toBe('library.malformed')
    }
    const long = { path: 'x', type: 'x', content: pax('comment', 'x'.repeat(8_192)) }
    expect(await read(long, file('package/ok.js'))).toBe('library.too_large')
  })

  test('refuses two files of one name, and names that some disks hold for one', async () => {
    expect(await read(file('package/a.js'), file('package/a.js'))).toBe('library.malformed')
    expect(await read(file('package/a.js'), file('package/A.js'))).toBe('library.malformed')
    expect(await read(file('package/\u00e9.js'), file('package/e\u0301.js'))).toBe('library.malformed')
    expect(await read(file('package/a.js'), file('other/a.js'))).toBe('library.malformed')
    expect(await read(file('package/a'), file('package/a/b.js'))).toBe('library.malformed')
    expect(await read(file('package/a/b.js'), file('package/a'))).toBe('library.malformed')
    expect(await read(file('package/a/b.js'), file('package/a/c.js'))).toBe('nothing')
  })

  test(`takes ${ENTRIES_MAX} entries, and refuses one more`, async () => {
    const many = (count: number): TarEntry[] => Array.from({ length: count }, (_, at) => file(`package/${at}.js`))
    expect(await read(...many(ENTRIES_MAX))).toBe('nothing')
    expect(await read(...many(ENTRIES_MAX + 1))).toBe('library.too_large')
    const headers = Array.from({ length: ENTRIES_MAX + 1 }, () => ({ path: 'g', type: 'g', content: '' }))
    expect(await read(...headers)).toBe('library.too_large')
  })

  test(`takes a name of ${PATH_LENGTH_MAX} characters in 16 levels, and refuses one more of either`, async () => {
    const named = (path: string): Promise<string> =>
      read({ path: 'x', type: 'x', content: pax('path', path) }, file('package/ok.js'))
    expect(await named(`package/${'a'.repeat(PATH_LENGTH_MAX - 8)}`)).toBe('nothing')
    expect(await named(`package/${'a'.repeat(PATH_LENGTH_MAX - 7)}`)).toBe('library.malformed')
    expect(await named(`package/${'a/'.repeat(14)}b`)).toBe('nothing')
    expect(await named(`package/${'a/'.repeat(15)}b`)).toBe('library.malformed')
  })

  test('refuses a size beyond the archive, one that does not read, and a bent checksum', async () => {
    expect(await read(file('package/a.js', { size: 1_000_000 }))).toBe('library.malformed')
    expect(await read(file('package/a.js', { size: '77777777777\0' }))).toBe('library.malformed')
    expect(await read(file('package/a.js', { size: '-0000000001\0' }))).toBe('library.malformed')
    expect(await read(file('package/a.js', { size: '\u0080\0\0\0\0\0\0\0\0\0\x01' }))).toBe('library.malformed')
    expect(await read(file('package/a.js', { checksum: 1 }))).toBe('library.malformed')
  })

  test('refuses an archive that is cut anywhere', async () => {
    const whole = tarOf([file('package/a.js'), file('package/b.js', { content: 'y'.repeat(600) })])
    for (let length = 0; length < whole.byteLength - 1_023; length += 256) {
      expect(await refusalOf(() => readTar(whole.slice(0, length)))).toBe('library.malformed')
    }
  })

  test('refuses what follows its end, where another reader would go on', async () => {
    const second = tarOf([file('package/evil.js')])
    const joined = concatBytes(tarOf([file('package/a.js')]), second)
    expect(await refusalOf(() => readTar(joined))).toBe('library.malformed')
    const padded = tarOf([file('package/a.js')], new Uint8Array(200_000))
    expect(await refusalOf(() => readTar(padded))).toBe('nothing')
    padded[padded.byteLength - 1] = 1
    expect(await refusalOf(() => readTar(padded))).toBe('library.malformed')
  })

  test('refuses what is no archive', async () => {
    for (const text of ['', 'hello', 'x'.repeat(512), 'x'.repeat(10_000)]) {
      expect(await refusalOf(() => readTar(utf8(text)))).toBe('library.malformed')
    }
  })
})
