/** Finds files by path or glob: `*` and `?` within a name, `**` for any folders. Written here because Node 20 has none. */
import { readdir, stat } from 'node:fs/promises'
import { join, parse, sep } from 'node:path'

/** Whether a path, or one segment of it, has a wildcard: `*` or `?`; brackets and braces are names like any other. */
export function isGlob(path: string): boolean {
  return /[*?]/.test(path)
}

/** Paths of the files that match, sorted; the search ends when there are more than `filesMax`. Folders that cannot be read match nothing. */
export async function findFiles(pattern: string, filesMax: number): Promise<string[]> {
  const { root } = parse(pattern)
  const segments = pattern
    .slice(root.length)
    .split(sep)
    .filter((segment) => segment !== '')
  const found: Found = { paths: new Set(), max: filesMax }
  await descend(root, segments, found)
  return [...found.paths].sort()
}

type Found = { paths: Set<string>; max: number }

async function descend(folder: string, segments: readonly string[], found: Found): Promise<void> {
  const [segment, ...rest] = segments
  if (segment === undefined || found.paths.size > found.max) return
  if (segment === '**') {
    await descend(folder, rest, found)
    for (const entry of await entriesOf(folder)) {
      // Links are not followed here, so that one that points upwards is no endless tree.
      if (entry.isDirectory() && !entry.name.startsWith('.')) await descend(join(folder, entry.name), segments, found)
    }
  } else if (isGlob(segment)) {
    const matches = matcherOf(segment)
    for (const entry of await entriesOf(folder))
      if (matches(entry.name)) await take(join(folder, entry.name), rest, found)
  } else {
    await take(join(folder, segment), rest, found)
  }
}

async function take(path: string, rest: readonly string[], found: Found): Promise<void> {
  if (rest.length > 0) return descend(path, rest, found)
  if (found.paths.size > found.max) return
  const status = await stat(path).catch(() => undefined)
  if (status?.isFile()) found.paths.add(path)
}

function entriesOf(folder: string) {
  return readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => [])
}

/** As in a shell, a wildcard does not match a dot at the start of a name. */
function matcherOf(segment: string): (name: string) => boolean {
  return (name) => (segment.startsWith('.') || !name.startsWith('.')) && matchesWildcards(segment, name)
}

/** Greedy, with one place to go back to: at most pattern × name steps, where a regular expression could take far longer. */
function matchesWildcards(pattern: string, name: string): boolean {
  let [at, inPattern, star, starredAt] = [0, 0, -1, 0]
  while (at < name.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++
      starredAt = at
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === name[at]) {
      inPattern++
      at++
    } else if (star !== -1) {
      inPattern = star + 1
      at = ++starredAt
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern++
  return inPattern === pattern.length
}
