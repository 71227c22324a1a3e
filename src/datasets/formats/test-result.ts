/** The record of one test's result, whatever tool it comes from, and its bounds. */
import { type Item, type Json, quoted, recordItem, refusedItem, warningItem } from './item.ts'

/** How a test ended. */
export type TestStatus = 'passed' | 'failed' | 'error' | 'skipped'

/** A record of the shape `test-results`. What a tool does not say is null; outputs that there are none of are left out. */
export type TestResult = {
  /** Names of the suites around it, outermost first, joined by ` > `. */
  suite: string | null
  class: string | null
  name: string
  status: TestStatus
  duration_ms: number | null
  message: string | null
  /** What the tool tells of a failure: the stack, mostly. */
  details: string | null
  file: string | null
  /** Line in that file. */
  line: number | null
  /** RFC 3339 in UTC. */
  started_at: string | null
  /** How many times it was tried again. */
  retries: number
  /** Whether it passed after it had failed, in the same run. */
  flaky: boolean
  properties: { readonly [name: string]: Json }
  stdout?: string
  stderr?: string
}

/** What parts the names of suites; as CTRF had it when it wrote them in one text. */
export const SUITES_JOINED_BY = ' > '

/** Characters of a suite, class, name or file: they are what a result is known by, so a longer one is refused and never cut. */
const NAME_CHARS_MAX = 4_096

/** Characters of a message, and of details and each output; what is longer is cut, with a warning. */
const MESSAGE_CHARS_MAX = 8_192
export const TEXT_CHARS_MAX = 65_536

const NAMES = ['suite', 'class', 'name', 'file'] as const
const TEXTS = ['message', 'details', 'stdout', 'stderr'] as const

/** The result as items: a record, behind the warning of what was cut, here or before; or a refusal. The result is theirs from then on. */
export function testResultItems(line: number, result: TestResult, cutBefore: readonly string[]): Item[] {
  for (const field of NAMES) {
    const text = result[field]
    if (text === null || text.length <= NAME_CHARS_MAX) continue
    return [refusedItem(line, `a ${field} of more than ${NAME_CHARS_MAX} characters: ${quoted(text)}`)]
  }
  if (result.name.trim() === '') return [refusedItem(line, 'a test without a name; expected one')]
  const cut = [...cutBefore]
  for (const field of TEXTS) {
    const text = result[field]
    const charsMax = field === 'message' ? MESSAGE_CHARS_MAX : TEXT_CHARS_MAX
    if (typeof text !== 'string' || text.length <= charsMax) continue
    result[field] = cutAt(text, charsMax)
    cut.push(field)
  }
  if (cut.length === 0) return [recordItem(line, result)]
  const reason = `${cut.join(', ')} cut: more than a record keeps; the document itself keeps it`
  return [warningItem(line, reason), recordItem(line, result)]
}

/** The first characters of a text; a pair of surrogates is not parted. */
export function cutAt(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text
  const last = text.charCodeAt(charsMax - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax)
}
