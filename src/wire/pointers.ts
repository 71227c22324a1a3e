/** JSON pointers (RFC 6901) to members of objects: taking values out of a document and putting them back. */
import { SealedRefused } from './errors.ts'

type Node = Record<string, unknown> | unknown[]

/** Names that would reach an object's prototype rather than a member of its own. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

/** Sorted as both ends of a sealing walk them: by UTF-16 code units. */
export function inSealingOrder(pointers: readonly string[]): string[] {
  return [...pointers].sort()
}

/** Removes the member at the pointer from the document (which is changed) and gives its value. */
export function takeOut(document: Record<string, unknown>, pointer: string): unknown {
  const { holder, member } = memberAt(document, pointer)
  if (!Object.hasOwn(holder, member)) throw new SealedRefused(`there is no member at ${pointer}`)
  const value = holder[member]
  delete holder[member]
  return value
}

/** Puts a member back into the document (which is changed); refuses to overwrite one. */
export function putBack(document: Record<string, unknown>, pointer: string, value: unknown): void {
  const { holder, member } = memberAt(document, pointer)
  if (Object.hasOwn(holder, member)) throw new SealedRefused(`there is a member at ${pointer} already`)
  holder[member] = value
}

function memberAt(
  document: Record<string, unknown>,
  pointer: string,
): { holder: Record<string, unknown>; member: string } {
  const steps = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const member = steps.pop()
  if (steps.shift() !== '' || member === undefined || FORBIDDEN.has(member))
    throw new SealedRefused('a pointer does not name a member')
  let node: Node = document
  for (const step of steps) {
    const next: unknown = Array.isArray(node) ? node[Number(step)] : Object.hasOwn(node, step) ? node[step] : undefined
    if (typeof next !== 'object' || next === null) throw new SealedRefused(`nothing holds a member at ${pointer}`)
    node = next as Node
  }
  // Members of objects only: taking an item out of an array would shift the ones behind it.
  if (Array.isArray(node)) throw new SealedRefused(`${pointer} names no member of an object`)
  return { holder: node, member }
}
