/** Where in the text a value of the parsed document stands. */
import { type Document, isMap, isNode, isScalar, type LineCounter, type Pair, type YAMLMap } from 'yaml'

/** Where a value stands; a path that does not exist is where its nearest parent does. */
export type Locate = (path: readonly PropertyKey[], what?: 'key' | 'value') => { line: number; column: number }

/** Takes one step of a path in constant time: findings may be many, and so may the keys of a map. */
export function locatorOf(document: Document.Parsed, lines: LineCounter): Locate {
  const pairs = new Map<YAMLMap, ReadonlyMap<unknown, Pair>>()
  function pairsOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
    const known = pairs.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair), pair]))
    pairs.set(map, known)
    return known
  }
  function offsetOf(path: readonly PropertyKey[], what: 'key' | 'value'): number {
    let node: unknown = document.contents
    let offset = 0
    for (const step of path) {
      const pair = isMap(node) ? pairsOf(node).get(String(step)) : undefined
      const next = pair ? pair.value : isNode(node) && !isMap(node) && 'get' in node ? node.get(step, true) : undefined
      const marked = what === 'key' && pair && isNode(pair.key) ? pair.key : next
      if (!isNode(marked)) break
      offset = marked.range?.[0] ?? offset
      node = next
    }
    return offset
  }
  return (path, what = 'value') => {
    const { line, col } = lines.linePos(offsetOf(path, what))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/** A key as the object that is made of its map has it. */
export function keyOf({ key }: Pair): string | undefined {
  const value = isScalar(key) ? key.value : key
  if (value === null) return ''
  return typeof value === 'object' ? undefined : String(value)
}
