/**
 * What a schema refuses, in words that a person can act on: what is allowed, and what came where that can be no secret. The one way
 * in which a message of valibot reaches somebody.
 */
import type * as v from 'valibot'
import { ownValue } from './own-value.ts'
import { printable } from './printable.ts'
import { nearestWord } from './suggest.ts'

/** `keys` lead from the whole to the place, `path` is the same with dots; `message` begins in lower case and has no full stop. */
export type IssueWords = { keys: readonly PropertyKey[]; path: string; message: string }

type Issue = v.BaseIssue<unknown>
/** As much of a schema as is looked at here; `pipe` has the schema itself and what follows it. */
type Shape = {
  wrapped?: Shape
  entries?: Readonly<Record<string, Shape>>
  item?: Shape
  value?: Shape
  options?: readonly Shape[]
  pipe?: readonly { type?: string; requirement?: unknown }[]
}

const GIVEN_LENGTH_MAX = 64
/** Texts that may be repeated where words of a list are expected: a secret in the wrong place is seldom one, and only its sender reads it. */
const PLAIN_WORD = /^[\p{L}\p{N} _.:@+-]{1,40}$/u
/** Types of issues that are about a number, whichever of its bounds it breaks. */
const NUMBERS = ['number', 'integer', 'safe_integer', 'finite', 'min_value', 'max_value']
/** Types of issues where one of a few words, or a time, was expected. */
const WORDS = ['picklist', 'literal', 'variant', 'iso_timestamp']
const LENGTHS = ['length', 'min_length', 'max_length', 'non_empty']

const ALLOWED: Readonly<Record<string, string>> = {
  string: 'must be a text',
  boolean: 'must be true or false',
  array: 'must be a list',
  tuple: 'must be a list',
  object: 'must be an object',
  strict_object: 'must be an object',
  loose_object: 'must be an object',
  record: 'must be an object',
  url: 'must be a URL, such as https://host.example/path',
  email: 'must be an e-mail address, such as name@host.example',
  iso_timestamp: 'must be a time, such as 2026-01-31T12:00:00Z',
  base64: 'must be Base64',
  parse_json: 'must be JSON',
}

/**
 * What `schema` found, an issue of its own `safeParse`, in words. `repeated: false`: without what was given, where others than its
 * sender read it, or it may be a secret in the wrong place; the schema has no sentences that are `naming`, then.
 */
export function issueWords(schema: v.GenericSchema, issue: Issue, { repeated = true } = {}): IssueWords {
  const { keys, inner } = closest(issue)
  const message = messageOf(schema as Shape, keys, inner, repeated ? given : () => '')
  return { keys, path: keys.map(String).join('.'), message }
}

/** For a schema's own sentence, of a field that is never secret: the sentence, and what came. */
export function naming(sentence: string): (issue: Issue) => string {
  return ({ input }) => {
    if (input === undefined) return sentence
    return `${sentence}, got ${typeof input === 'string' ? quoted(input) : kindOf(input)}`
  }
}

function quoted(text: string): string {
  return text.length > GIVEN_LENGTH_MAX
    ? `\`${printable(text.slice(0, GIVEN_LENGTH_MAX))}…\``
    : `\`${printable(text)}\``
}

function keysOf(issue: Issue): PropertyKey[] {
  return (issue.path ?? []).map(({ key }) => key as PropertyKey)
}

/** Of a union the one fault that lies within an alternative, since that alternative was meant; else the union itself. */
function closest(issue: Issue, around: readonly PropertyKey[] = []): { keys: readonly PropertyKey[]; inner: Issue } {
  const keys = [...around, ...keysOf(issue)]
  const within = (issue.issues ?? [])
    .map((one) => closest(one, keys))
    .filter(
      ({ keys: { length }, inner: { expected, received } }) =>
        length > keys.length && expected !== 'never' && received !== 'undefined',
    )
  const [only, another] = within
  return only && !another ? only : { keys, inner: issue }
}

function messageOf(schema: Shape, keys: readonly PropertyKey[], issue: Issue, got: (issue: Issue) => string): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return unknownKey(schema, keys)
  if (!/^Invalid [\w ]+: (Expected|Received) /.test(issue.message)) return issue.message
  if (issue.received === 'undefined' && issue.kind === 'schema') return 'is missing'
  return `${allowed(pipeAt(schema, keys), issue)}${got(issue)}`
}

function unknownKey(schema: Shape, keys: readonly PropertyKey[]): string {
  const known = Object.keys(shapeAt(schema, keys.slice(0, -1))?.entries ?? {})
  const near = nearestWord(String(keys.at(-1)), known)
  if (near !== undefined) return `is not known here; did you mean \`${near}\`?`
  return known.length === 0 ? 'is not known here' : `is not known here; known are ${known.join(', ')}`
}

type Pipe = NonNullable<Shape['pipe']>

function allowed(pipe: Pipe, issue: Issue): string {
  const { type, expected, requirement, received } = issue
  const bound = (name: string): unknown =>
    type === name ? requirement : pipe.find((one) => one.type === name)?.requirement
  if (NUMBERS.includes(type)) {
    const isWhole = [...pipe, issue].some((one) => /integer$/.test(one.type ?? ''))
    return `must be a ${isWhole ? 'whole ' : ''}number${between(bound('min_value'), bound('max_value'), ' from', ' of')}`
  }
  if (LENGTHS.includes(type)) {
    const least = type === 'non_empty' ? 1 : (bound('length') ?? bound('min_length'))
    if (received === '0' && least === 1) return 'must not be empty'
    const unit = typeof issue.input === 'string' ? 'characters' : 'entries'
    return `must have${between(least, bound('length') ?? bound('max_length'), '', '')} ${unit}`
  }
  if (type === 'starts_with') return `must begin with \`${String(requirement)}\``
  // A pattern explains itself to nobody: schemas that people fill in say in words what it means.
  if (type === 'regex') return 'has not the form that it must have'
  if (['picklist', 'literal', 'union', 'variant'].includes(type) && expected !== null)
    return `must be ${choices(expected)}`
  return ALLOWED[type] ?? 'is not as it should be'
}

function between(least: unknown, most: unknown, from: string, of: string): string {
  if (least === undefined && most === undefined) return ''
  if (least === most) return ` exactly ${least}`
  if (most === undefined) return `${of} at least ${least}`
  return least === undefined ? `${of} at most ${most}` : `${from} ${least} to ${most}`
}

/** `("a" | Array)` → `` `a` or a list``. */
function choices(expected: string): string {
  const kinds: Readonly<Record<string, string>> = {
    ...{ Array: 'a list', Object: 'an object', string: 'a text', number: 'a number', boolean: 'true or false' },
  }
  const words = expected
    .replace(/^\((.*)\)$/s, '$1')
    .split(' | ')
    .filter((word) => word !== 'undefined')
    .map((word) => kinds[word] ?? `\`${word.replace(/^"(.*)"$/s, '$1')}\``)
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** What came: a number where numbers are expected, a word where words are, else only what kind of thing it was. */
function given({ kind, type, input, received }: Issue): string {
  if (LENGTHS.includes(type)) return received === '0' ? '' : `, got ${received}`
  if (typeof input === 'number' && (NUMBERS.includes(type) || WORDS.includes(type))) return `, got ${input}`
  if (typeof input === 'string' && WORDS.includes(type)) return PLAIN_WORD.test(input) ? `, got ${quoted(input)}` : ''
  return kind === 'schema' ? `, got ${kindOf(input)}` : ''
}

function kindOf(input: unknown): string {
  if (input === null || typeof input === 'boolean') return String(input)
  if (Array.isArray(input)) return 'a list'
  return { string: 'a text', number: 'a number' }[typeof input as string] ?? 'an object'
}

/** The schema of the place, as far as it can be followed. */
function shapeAt(schema: Shape, [key, ...rest]: readonly PropertyKey[]): Shape | undefined {
  const { wrapped, entries, item, value, options } = schema
  if (key === undefined) return wrapped ? shapeAt(wrapped, []) : schema
  if (wrapped) return shapeAt(wrapped, [key, ...rest])
  const next = typeof key === 'number' ? item : ((entries && ownValue(entries, String(key))) ?? value)
  if (next) return shapeAt(next, rest)
  for (const option of options ?? []) {
    const found = typeof option === 'object' && shapeAt(option, [key, ...rest])
    if (found) return found
  }
  return undefined
}

/** What the schema of the place demands beside its type. */
function pipeAt(schema: Shape, keys: readonly PropertyKey[]): Pipe {
  return shapeAt(schema, keys)?.pipe ?? []
}
