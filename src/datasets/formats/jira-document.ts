/** The Atlassian Document Format, in which Jira Cloud has descriptions and comments, as plain text. */
import type { Json } from './item.ts'
import { isObject } from './json-record.ts'

/** Nodes that stand on lines of their own. */
const BLOCKS = new Set([
  ...['paragraph', 'heading', 'codeBlock', 'blockquote', 'listItem', 'taskItem', 'decisionItem', 'rule', 'panel'],
  ...['tableRow', 'mediaSingle', 'expand', 'blockCard'],
])

/** The text of a document (`{ type: 'doc', version: 1, content: […] }`); `undefined` when the value is none. */
export function documentText(value: Json | undefined): string | undefined {
  if (!isObject(value) || value['type'] !== 'doc' || !Array.isArray(value['content'])) return undefined
  return textOf(value)
    .replace(/\n{2,}/g, '\n')
    .trim()
}

/** The depth of the value was bounded when it was parsed. */
function textOf(node: Json): string {
  if (!isObject(node)) return ''
  const inner = Array.isArray(node['content']) ? node['content'].map(textOf).join('') : ownText(node)
  return BLOCKS.has(String(node['type'])) ? `${inner}\n` : inner
}

function ownText(node: { readonly [name: string]: Json }): string {
  if (typeof node['text'] === 'string') return node['text']
  if (node['type'] === 'hardBreak') return '\n'
  const attributes = isObject(node['attrs']) ? node['attrs'] : {}
  const text = attributes['text'] ?? attributes['shortName'] ?? attributes['url']
  return typeof text === 'string' ? text : ''
}
