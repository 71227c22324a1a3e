/** Which format a document has: by its content type where that says it, else by its beginning, else by its file's name. */

import { utf8 } from '../../base/mod.ts'
import { splitCsvRecord } from '../../pipeline/mod.ts'
import { sniffCsv } from './csv-dialect.ts'
import type { Format } from './item.ts'
import { isJiraHeader } from './jira-csv.ts'
import { REMOVALS_TYPE } from './removals.ts'
import { glanceAt } from './unicode.ts'

/** Bytes of the beginning that are enough to tell: answers of Jira have their fields' names before the issues. */
export const DETECTED_BYTES = 16_384

type Family = 'xml' | 'json' | 'ndjson' | 'csv'

/** Each with what it stands for; types that end in `+xml` or `+json` are known by that. */
const TYPES: Readonly<Record<Family, readonly string[]>> = {
  xml: ['application/xml', 'text/xml'],
  json: ['application/json', 'text/json'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'],
  csv: ['text/csv', 'application/csv', 'text/tab-separated-values', 'application/vnd.ms-excel'],
}

const EXTENSIONS: Readonly<Record<Family, RegExp>> = {
  xml: /\.xml$/i,
  json: /\.json$/i,
  ndjson: /\.(?:ndjson|jsonl)$/i,
  csv: /\.(?:csv|tsv)$/i,
}

/** Of its lines, so many must have as many fields as the first before a text that nothing is said of is taken for a table. */
const TABLE_SHARE_MIN = 0.5

const ISSUE_KEY = /"key"\s*:\s*"[A-Z][A-Z0-9_]*-\d+"/

/** Answers of Jira's search, told by whoever fetched them: names of fields may stand before the first issue for long. */
const JIRA_ISSUES = 'application/vnd.sluice.jira-issues+json'

const FAMILIES = ['xml', 'json', 'ndjson', 'csv'] as const

/**
 * The format of a document, from its `Content-Type`, its first `DETECTED_BYTES` bytes without compression, and the name of its file.
 * `undefined` when nothing tells, or when it is said to be CSV and is plainly something else. Whatever else is said wrongly is for its
 * reader to refuse, with the line.
 */
export function detectFormat(contentType: string | undefined, head: Uint8Array, fileName?: string): Format | undefined {
  if (contentType === JIRA_ISSUES) return 'jira'
  if (contentType === REMOVALS_TYPE) return 'removals'
  const text = glanceAt(head.subarray(0, DETECTED_BYTES)).trimStart()
  const seen = familyOf(text)
  const said = familyOfType(contentType)
  if (said === 'csv' && seen && seen !== 'csv') return undefined
  const named = FAMILIES.find((family) => EXTENSIONS[family].test(fileName ?? ''))
  // One object a line cannot be JSON, whatever it is called; one line alone may be either.
  const family =
    said === 'json' && seen === 'ndjson'
      ? seen
      : (said ?? (seen === 'json' && named === 'ndjson' ? named : (seen ?? named)))
  switch (family) {
    case 'xml':
      return 'junit'
    case 'json':
      return jsonFormat(text)
    case 'csv':
      return isJiraCsv(text) ? 'jira' : 'csv'
    default:
      return family
  }
}

function familyOfType(contentType: string | undefined): Family | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.endsWith('+xml')) return 'xml'
  if (type.endsWith('+json')) return 'json'
  return FAMILIES.find((family) => TYPES[family].includes(type))
}

/** By looking: brackets are conclusive, CSV is what has the same number of delimiters in most lines. */
function familyOf(text: string): Family | undefined {
  if (/^<(?:[?!]|[A-Za-z])/.test(text)) return 'xml'
  if (/^[{[]/.test(text)) return isNdjson(text) ? 'ndjson' : 'json'
  if (text === '' || text.includes('\0')) return undefined
  const { width, share } = sniffCsv(utf8(text), true, { header: 'present' })
  return width > 1 && share >= TABLE_SHARE_MIN ? 'csv' : undefined
}

/** Whether the first line is a whole object and another begins on the next. */
function isNdjson(text: string): boolean {
  const [, first = '', next = ''] = /^([^\n]*)\n\s*(\{?)/.exec(text) ?? []
  if (next === '' || !first.startsWith('{')) return false
  try {
    JSON.parse(first)
    return true
  } catch {
    return false
  }
}

function jsonFormat(text: string): Format {
  if (/"reportFormat"\s*:\s*"CTRF"/.test(text) || /^\{\s*"results"\s*:\s*\{\s*"tool"\s*:/.test(text)) return 'ctrf'
  const isList = text.startsWith('[') || /"issues"\s*:\s*\[/.test(text)
  return isList && ISSUE_KEY.test(text) && text.includes('"fields"') ? 'jira' : 'json'
}

function isJiraCsv(text: string): boolean {
  const { delimiter } = sniffCsv(utf8(text), true, { header: 'present' })
  const header = /^(?:sep=.\r?\n)?([^\r\n]*)/i.exec(text)?.[1] ?? ''
  return isJiraHeader(splitCsvRecord(header, delimiter) ?? [])
}
