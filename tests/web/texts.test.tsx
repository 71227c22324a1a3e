import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DIFF_CELLS_MAX } from '../../src/web/line-diff.ts'
import { Code, Diff, diffLines, Facts, FormError, Notice, type View } from '../../src/web/mod.ts'
import { CODE_LINES_MAX } from '../../src/web/texts.tsx'

async function text(view: View): Promise<string> {
  return String(await view)
}

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })

describe('diffLines', () => {
  test('tells what was added and removed, with the lines around and their numbers', () => {
    const same = Array.from({ length: 9 }, (_, i) => `s${i}`)
    const found = diffLines(['old', ...same].join('\n'), [...same, 'new'].join('\n'))
    expect(found).toMatchObject({ added: 1, removed: 1 })
    expect(found.lines[0]).toEqual({ kind: 'removed', number: 1, text: 'old' })
    expect(found.lines.at(-1)).toEqual({ kind: 'added', number: 10, text: 'new' })
    expect(found.lines).toContainEqual({ skipped: 3 })
  })

  test('says nothing of equal texts', () => {
    expect(diffLines('a\nb\n', 'a\nb\n')).toEqual({ lines: [], added: 0, removed: 0 })
  })

  test('leads from any text to any other, with no more lines than it must', () => {
    fc.assert(
      fc.property(lines, lines, (old, fresh) => {
        const { added, removed } = diffLines(`${old.join('\n')}\n`, `${fresh.join('\n')}\n`)
        const kept = longestCommon(old.length === 0 ? [''] : old, fresh.length === 0 ? [''] : fresh)
        expect(removed).toBe(Math.max(1, old.length) - kept)
        expect(added).toBe(Math.max(1, fresh.length) - kept)
      }),
    )
  })

  test('tells a change above its bound as all removed and all added, at once', () => {
    const count = Math.ceil(Math.sqrt(DIFF_CELLS_MAX)) + 1
    const text = (word: string) => Array.from({ length: count }, (_, i) => `${word}${i}`).join('\n')
    expect(diffLines(text('a'), `${text('b')}\na5\nend`)).toMatchObject({ added: count + 2, removed: count })
  })
})

/** By trying every way: another reckoning than the one under test. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  const known = new Map<string, number>()
  const of = (i: number, j: number): number => {
    const key = `${i},${j}`
    const found = known.get(key)
    if (found !== undefined) return found
    const ends = i === a.length || j === b.length
    const length = ends ? 0 : a[i] === b[j] ? 1 + of(i + 1, j + 1) : Math.max(of(i + 1, j), of(i, j + 1))
    known.set(key, length)
    return length
  }
  return of(0, 0)
}

test('a change is told by a sign and a word, never colour alone', async () => {
  const html = await text(<Diff before={'a\n'} after={'b\n'} name="policy" />)
  expect(html).toContain('1 line added, 1 line removed')
  expect(html).toMatch(/<ins>.*\+.*added: .*b/s)
  expect(html).toMatch(/<del>.*−.*removed: .*a/s)
  expect(await text(<Diff before="a" after="a" />)).toContain('nothing changed')
})

test('code keeps its lines and shows at most as many as a page bears', async () => {
  expect(await text(<Code text={'a\r\n\n<b>\n'} />)).toContain(
    '<span class="line">a\n</span><span class="line">\n</span><span class="line">&lt;b&gt;\n</span>',
  )
  const long = Array.from({ length: CODE_LINES_MAX + 1 }, (_, i) => `l${i}`).join('\n')
  expect(await text(<Code text={long} />)).toContain('… and 1 more lines')
})

test('a notice says in a word what its colour says', async () => {
  expect(await text(<Notice kind="warn">x</Notice>)).toMatch(/role="alert".*Careful: /s)
  expect(await text(<Notice kind="ok">x</Notice>)).toContain('role="status"')
})

test('facts are terms and what they are', async () => {
  expect(await text(<Facts rows={[['Names', 'a, b']]} />)).toBe('<dl class="facts"><dt>Names</dt><dd>a, b</dd></dl>')
})

describe('words of an error', () => {
  test('are a sentence, and code where they say so; what looks like an element is text', async () => {
    const html = await text(<FormError message="the name is `<b>`" advice="Run `sluice user link NAME`." />)
    expect(html).toContain('<b>The name is <code>&lt;b&gt;</code>.</b>')
    expect(html).toContain('<p>Run <code>sluice user link NAME</code>.</p>')
  })
})
