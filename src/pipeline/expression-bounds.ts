/**
 * What an expression may not do, found in its syntax tree before it is compiled. CEL always ends, but not always soon: its `matches`
 * backtracks, nested comprehensions multiply, and nested `cel.bind` doubles strings without end. Those are refused.
 */
import type { ASTNode, Limits } from '@marcbachmann/cel-js'

/** Characters of one expression. */
export const EXPRESSION_LENGTH_MAX = 4_096
/** Elements of a list that one comprehension walks. 512 nodes × 1,000 elements stay under a few milliseconds. */
export const COMPREHENSION_ELEMENTS_MAX = 1_000

/** Bounds of the syntax tree. */
export const EXPRESSION_LIMITS: Partial<Limits> = {
  maxAstNodes: 512,
  maxDepth: 32,
  maxListElements: 256,
  maxMapEntries: 256,
  maxCallArguments: 16,
}

const COMPREHENSIONS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** `bounded_` lets only lists through that are not too long; `nonempty_` no empty text, which the library's `int()` takes for 0. */
type Guard = 'bounded_' | 'nonempty_'

/** What a walk over the tree found. */
export type Findings = {
  /** Something that is refused, with where it stands. */
  refused?: { message: string; offset: number }
  /** Names that are used as variables, those of comprehensions included. */
  names: Set<string>
  /** Whether the literal `null` occurs. */
  usesNull: boolean
  /** Ranges that a function of ours is put around: lists that comprehensions walk, texts that become integers. */
  guarded: { start: number; end: number; guard: Guard }[]
}

/** Walks the tree once. */
export function examine(root: ASTNode): Findings {
  const findings: Findings = { names: new Set(), usesNull: false, guarded: [] }
  visit(root, 0, findings)
  return findings
}

function visit(node: unknown, comprehensions: number, findings: Findings): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, comprehensions, findings)
    return
  }
  if (!isNode(node)) return
  const { op, args } = node
  if (op === 'id') note(node, args, findings)
  if (op === 'value' && args === null) findings.usesNull = true
  if (op === 'call' && (args[0] === 'int' || args[0] === 'uint')) {
    const [, [text]] = args
    if (text) findings.guarded.push({ start: text.start, end: text.end, guard: 'nonempty_' })
  }
  if (op === 'rcall') {
    const [method, receiver, parameters] = args
    if (COMPREHENSIONS.has(method) && parameters.length >= 2) {
      if (comprehensions > 0) refuse(findings, `${method}() inside another comprehension is not allowed`, node)
      findings.guarded.push({ start: receiver.start, end: receiver.end, guard: 'bounded_' })
      visit(receiver, comprehensions, findings)
      visit(parameters, comprehensions + 1, findings)
      return
    }
    if (method === 'matches') refuse(findings, 'matches() is not available: its running time is not bounded', node)
    if (method === 'bind') refuse(findings, 'cel.bind() is not available: nested, it grows without bound', node)
  }
  visit(args, comprehensions, findings)
}

function note(node: ASTNode, name: unknown, findings: Findings): void {
  if (typeof name !== 'string') return
  findings.names.add(name)
  // Rows are plain objects: these names would find what every object inherits.
  if (name in Object.prototype) refuse(findings, `${name} cannot be used as a field's name in expressions`, node)
}

function refuse(findings: Findings, message: string, node: ASTNode): void {
  findings.refused ??= { message, offset: node.range.start }
}

function isNode(node: unknown): node is ASTNode {
  return typeof node === 'object' && node !== null && 'op' in node && 'args' in node
}
