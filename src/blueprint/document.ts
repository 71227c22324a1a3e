/** The text of a Blueprint, parsed so that every value still knows its line and column. */
import * as v from 'valibot'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { issueWords, nearestWord } from '../base/mod.ts'
import { FINDINGS_MAX, type Finding } from './findings.ts'
import { type Locate, locatorOf } from './locate.ts'
import { Blueprint } from './schema.ts'
import { ALIASES_MAX, hasTooManyLexemes, LEXEMES_MAX, type Misuse, misusesOf } from './yaml-bounds.ts'

/** 1 MiB: 256 components of 4 KiB. A larger text is refused unread. */
export const BLUEPRINT_BYTES_MAX = 1_048_576

export type BlueprintDocument = {
  /** Present when the text has the form of a Blueprint. */
  blueprint: Blueprint | undefined
  findings: Finding[]
  locate: Locate
}

/** Words that may stand at a place, for suggestions. */
function knownWords(path: readonly PropertyKey[]): string[] {
  if (path.length === 1) return ['blueprint', 'description', 'systems', 'components', 'classification']
  if (path[0] === 'systems') return ['runtime']
  if (path[0] === 'components' && path.length === 3) return ['type', 'on', 'from', 'config', 'code']
  return path[0] === 'classification' ? ['public', 'restricted'] : []
}

function schemaFinding(issue: v.BaseIssue<unknown>, locate: Locate): Finding {
  const path = (issue.path ?? []).map((item) => item.key as PropertyKey)
  const key = String(path.at(-1) ?? '')
  const where = path.map(String).join('.') || 'the document'
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const suggestion = nearestWord(key, knownWords(path))
    const finding: Finding = {
      code: 'blueprint.unknown_key',
      severity: 'error',
      message: `\`${where}\` is not a key that belongs here`,
      ...locate(path, 'key'),
    }
    return suggestion ? { ...finding, suggestion } : finding
  }
  if (issue.type === 'strict_object' && issue.input === undefined) {
    return {
      code: 'blueprint.missing_key',
      severity: 'error',
      message: `\`${where}\` is missing`,
      ...locate(path.slice(0, -1), 'key'),
    }
  }
  const code = 'blueprint.schema'
  const { keys, path: place, message } = issueWords(Blueprint, issue)
  return { code, severity: 'error', message: `\`${place || where}\`: ${message}`, ...locate(keys) }
}

/** Findings about the text itself, at its beginning. */
function refused(code: string, message: string): BlueprintDocument {
  const start = { line: 1, column: 1 }
  return { blueprint: undefined, findings: [{ code, severity: 'error', message, ...start }], locate: () => start }
}

/** The text as YAML has it; `undefined` when it is nested deeper than can be followed. */
function readYaml(text: string, lines: LineCounter): { document: Document.Parsed; misuses: Misuse[] } | undefined {
  try {
    // The library's own check for keys that stand twice compares each with each.
    const options = { lineCounter: lines, uniqueKeys: false, merge: false, prettyErrors: false }
    const document = parseDocument(text, options)
    const misuses = document.errors.map(({ pos, message }) => ({
      offset: pos[0],
      message: message.split('\n')[0] ?? '',
    }))
    return { document, misuses: misuses.length > 0 ? misuses : misusesOf(document) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * Parses YAML or JSON. Duplicate keys are faults, so are more than 100 aliases, and more than `LEXEMES_MAX` words and marks.
 * Never throws for what the text says: the first `FINDINGS_MAX` findings tell.
 */
export function parseBlueprint(text: string): BlueprintDocument {
  if (Buffer.byteLength(text) > BLUEPRINT_BYTES_MAX) {
    return refused('blueprint.too_large', `the text is longer than ${BLUEPRINT_BYTES_MAX} bytes`)
  }
  if (hasTooManyLexemes(text)) {
    return refused('blueprint.too_large', `there are more than ${LEXEMES_MAX} words, marks and line ends`)
  }
  const lines = new LineCounter()
  const read = readYaml(text, lines)
  if (!read) return refused('blueprint.yaml', 'it is nested too deeply')
  const locate = locatorOf(read.document, lines)
  const findings = read.misuses.slice(0, FINDINGS_MAX).map(({ offset, message }): Finding => {
    const { line, col } = lines.linePos(offset)
    return { code: 'blueprint.yaml', severity: 'error', message, line, column: col }
  })
  if (findings.length > 0) return { blueprint: undefined, findings, locate }
  let value: unknown
  try {
    value = read.document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch {
    return refused('blueprint.yaml', 'its aliases grow without bound')
  }
  const parsed = v.safeParse(Blueprint, value)
  if (parsed.success) return { blueprint: parsed.output, findings, locate }
  const issues = parsed.issues.slice(0, FINDINGS_MAX)
  return { blueprint: undefined, findings: issues.map((issue) => schemaFinding(issue, locate)), locate }
}
