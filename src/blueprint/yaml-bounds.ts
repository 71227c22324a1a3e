/** What a text may not do to whoever parses it. The Platform parses on its main thread: each check takes time in proportion to the text. */
import { type Document, isAlias, isCollection, isMap, isNode, isPair, Lexer, type YAMLMap } from 'yaml'
import { keyOf } from './locate.ts'

/** Pieces of text of a Blueprint: 20,000 lines with a key and its value, each of 8. */
export const LEXEMES_MAX = 160_000

/** Aliases of a Blueprint, and how often one grows: each is resolved by a walk through the document. */
export const ALIASES_MAX = 100

/** Something in the text, by its offset. */
export type Misuse = { offset: number; message: string }

/** Counts words, marks, blanks and line ends without building anything of them. */
export function hasTooManyLexemes(text: string): boolean {
  let count = 0
  for (const _lexeme of new Lexer().lex(text)) if (++count > LEXEMES_MAX) return true
  return false
}

/** Keys that stand twice in one map or are no words, and aliases beyond `ALIASES_MAX`, in the order of the text. */
export function misusesOf(document: Document.Parsed): Misuse[] {
  const misuses: Misuse[] = []
  const ahead: unknown[] = [document.contents]
  const aliases: number[] = []
  while (ahead.length > 0) {
    const node = ahead.pop()
    if (isAlias(node)) aliases.push(offsetOf(node))
    if (isMap(node)) for (const misuse of misusedKeys(node)) misuses.push(misuse)
    if (isCollection(node)) for (const item of node.items) ahead.push(isPair(item) ? item.value : item)
  }
  const surplus = aliases.sort((a, b) => a - b)[ALIASES_MAX]
  if (surplus !== undefined) misuses.push({ offset: surplus, message: `there are more than ${ALIASES_MAX} aliases` })
  return misuses.sort((a, b) => a.offset - b.offset)
}

function misusedKeys(map: YAMLMap): Misuse[] {
  const known = new Set<string>()
  return map.items.flatMap((pair): Misuse[] => {
    const key = keyOf(pair)
    if (key === undefined) return [{ offset: offsetOf(pair.key), message: 'Map keys must be plain words' }]
    if (known.has(key)) return [{ offset: offsetOf(pair.key), message: 'Map keys must be unique' }]
    known.add(key)
    return []
  })
}

function offsetOf(node: unknown): number {
  return (isNode(node) && node.range?.[0]) || 0
}
