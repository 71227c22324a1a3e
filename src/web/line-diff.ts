/** What changed between two texts, by lines: the longest common subsequence, after what both begin and end with is set aside. */

/** `number` counts in the text that has the line: the new one, and for removed lines the old one. From 1. */
export type DiffLine = { kind: 'same' | 'added' | 'removed'; number: number; text: string }
/** Lines without change that are not shown. */
export type Gap = { skipped: number }
/** Changed lines with those around them, and how many were added and removed. */
export type LineDiff = { lines: (DiffLine | Gap)[]; added: number; removed: number }

/** Cells of the table that is filled: 4 M × 4 B = 16 MiB and ~20 ms. Larger changes are told as all removed and all added. */
export const DIFF_CELLS_MAX = 4_194_304
/** Unchanged lines shown around a change. */
const CONTEXT = 3

/** The changed lines with three around each; `lines` is empty if nothing changed. */
export function diffLines(before: string, after: string): LineDiff {
  const [old, fresh] = [linesOf(before), linesOf(after)]
  const head = common(old, fresh, (lines, i) => lines[i])
  const rest = [old.slice(head), fresh.slice(head)] as const
  const tail = common(rest[0], rest[1], (lines, i) => lines[lines.length - 1 - i])
  const cut = (lines: readonly string[]): string[] => lines.slice(0, lines.length - tail)
  const all: DiffLine[] = [
    ...fresh.slice(0, head).map((text, i) => ({ kind: 'same' as const, number: i + 1, text })),
    ...middle(cut(rest[0]), cut(rest[1]), head),
    ...fresh.slice(fresh.length - tail).map((text, i) => ({
      ...{ kind: 'same' as const, text },
      number: fresh.length - tail + i + 1,
    })),
  ]
  const count = (kind: DiffLine['kind']): number => all.filter((line) => line.kind === kind).length
  return { lines: withGaps(all), added: count('added'), removed: count('removed') }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function common(
  old: readonly string[],
  fresh: readonly string[],
  at: (lines: readonly string[], i: number) => string | undefined,
): number {
  const most = Math.min(old.length, fresh.length)
  let count = 0
  while (count < most && at(old, count) === at(fresh, count)) count++
  return count
}

function middle(old: readonly string[], fresh: readonly string[], skipped: number): DiffLine[] {
  const width = fresh.length + 1
  if ((old.length + 1) * width > DIFF_CELLS_MAX) return walk(old, fresh, skipped, () => 0)
  // lengths[i][j]: the longest common subsequence of what follows line i of the old and line j of the new text.
  const lengths = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      lengths[i * width + j] = old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  return walk(old, fresh, skipped, at)
}

/** Along the table: what both have while they have it, else first what was removed. */
function walk(
  old: readonly string[],
  fresh: readonly string[],
  skipped: number,
  at: (i: number, j: number) => number,
): DiffLine[] {
  const found: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < fresh.length) {
    const [was, is] = [old[i], fresh[j]]
    if (was !== undefined && was === is && at(i, j) > 0) {
      found.push({ kind: 'same', number: skipped + ++j, text: was })
      i++
    } else if (was !== undefined && (is === undefined || at(i + 1, j) >= at(i, j + 1))) {
      found.push({ kind: 'removed', number: skipped + ++i, text: was })
    } else if (is !== undefined) found.push({ kind: 'added', number: skipped + ++j, text: is })
  }
  return found
}

function withGaps(all: readonly DiffLine[]): (DiffLine | Gap)[] {
  const near = new Uint8Array(all.length)
  all.forEach((line, i) => {
    if (line.kind !== 'same') near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1)
  })
  if (!near.includes(1)) return []
  const shown: (DiffLine | Gap)[] = []
  all.forEach((line, i) => {
    const last = shown.at(-1)
    if (near[i] === 1) shown.push(line)
    else if (last !== undefined && 'skipped' in last) last.skipped++
    else shown.push({ skipped: 1 })
  })
  return shown
}
