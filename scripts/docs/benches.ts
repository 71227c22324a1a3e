/** docs/benches.md: what `npm run bench` measures, from the benches' own words. Figures are not kept: they belong to a machine and a day. */
import type { SourceFile } from '../source-files.ts'
import { fenced, GENERATED, page } from './markdown.ts'

const BENCH = /^export const \w+Bench: Bench = \{\s*name: '([\w-]+)',\s*summary: '((?:[^'\\]|\\.)*)'/m

function sectionOf({ path, text }: SourceFile): string[] {
  const [, name, summary = ''] = BENCH.exec(text) ?? []
  if (name === undefined) return []
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
  const words = comment
    .replace(/^\s*\*/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return [`## \`${name}\`: ${summary}`, `${words} ([source](../${path}))`]
}

export function benchesPage(files: readonly SourceFile[]): string {
  return page(
    '# Benches',
    GENERATED,
    [
      '`npm run bench -- NAME… [--json] [--quick | --long] [--rounds N]` is the one door to all figures; without a name it runs all. It gives',
      'medians. A yardstick runs in turn with ours, on the same machine and the same data, so its ratio counts and not the figure',
      'alone; where a yardstick can’t be installed, the figure stands alone. With `--json` it prints one object:',
    ].join('\n'),
    fenced(
      'text',
      [
        '{ "machine": { … },',
        '  "results": [ { "id", "value", "unit", "yardstick": { "id", "value" } | null, "ratio": n | null,',
        '                 "goal": text | null, "met": true | false } ] }',
      ].join('\n'),
    ),
    '`met` judges the goal; where none is set it is `true`. No test depends on a figure.',
    ...files.flatMap(sectionOf),
  )
}
