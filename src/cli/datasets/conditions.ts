/** Conditions of a query as people type them: `status = failed`, `duration_ms >= 1000`, `message contains timeout`. */
import type { Condition } from '../../wire/mod.ts'
import { UsageInvalid } from '../exit.ts'

const COMPARISONS = { '=': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' } as const

/** Field, bare up to the first operator or in quotes; then a sign or a word; then the value. */
const CONDITION =
  /^\s*(?:"(?<quoted>[^"]+)"|(?<bare>[^"=<>~!]+?))(?:\s*(?<sign>!=|<=|>=|[=<>~])|\s+(?<word>contains|in)\s|\s+is\s+(?<missing>not\s+missing|missing)\s*$)(?<value>.*)$/s

/** What a refused condition is told. */
const FORMS =
  'Allowed are =, !=, <, <=, >, >= and ~ between a field and a value, and the words contains, in, is missing and is not missing; a value that begins with a sign stands in quotes.'

/** Help of `--where`. */
export const CONDITIONS_HELP = `
Conditions, all of which must hold:
  status = failed             equal; != is not
  duration_ms >= 1000         order; also >, <, <=
  message contains timeout    or ~; letters in either case
  status in failed, error     one of these
  owner is missing            or: is not missing
Quotes around a field or a value keep what is in them: '"Due date" = "a, b"'`

/** One condition. Values are sent as text: the Runtime knows what the field is. `flag`: by which they were given. Refuses `cli.usage`. */
export function parseCondition(text: string, flag = '--where'): Condition {
  const { quoted, bare, sign, word, missing, value = '' } = CONDITION.exec(text)?.groups ?? {}
  const field = quoted ?? bare?.trim()
  if (field !== undefined && missing !== undefined) return { field, is: 'missing', value: missing === 'missing' }
  if (sign !== undefined && /^[=<>~!]/.test(value)) throw unknownSign(flag, text, `${sign}${value}`)
  if ((value.match(/"/g) ?? []).length % 2 === 1)
    throw new UsageInvalid(`${flag} has a quote that is not closed: \`${text}\``)
  const values = word === 'in' ? valuesOf(value) : value.trim() === '' ? [] : [unquoted(value)]
  const [first] = values
  if (field === undefined || first === undefined)
    throw new UsageInvalid(`${flag} takes a condition as 'status = failed', not \`${text}\``, FORMS)
  if (word === 'in') return { field, is: 'in', value: values }
  if (word === 'contains' || sign === '~') return { field, is: 'contains', value: first }
  return { field, is: COMPARISONS[sign as keyof typeof COMPARISONS], value: first }
}

/** `>>` begins with a sign that there is; what follows would be taken for a value. A value that begins so stands in quotes. */
function unknownSign(flag: string, text: string, rest: string): UsageInvalid {
  const [signs = ''] = /^[=<>~!]+/.exec(rest) ?? []
  return new UsageInvalid(`${flag} knows no comparison ${signs}: \`${text}\``, FORMS)
}

function valuesOf(text: string): string[] {
  return (text.match(/"[^"]*"|[^,"]+/g) ?? []).filter((one) => one.trim() !== '').map(unquoted)
}

function unquoted(text: string): string {
  const trimmed = text.trim()
  return /^"[^"]*"$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}
