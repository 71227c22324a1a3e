/** Expressions over a record's fields, in CEL (https://cel.dev): checked with the place of an error, compiled once, bounded. */
import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import { AppError, ownValue } from '../base/mod.ts'
import { cel } from './cel.cts'
import {
  COMPREHENSION_ELEMENTS_MAX,
  EXPRESSION_LENGTH_MAX,
  EXPRESSION_LIMITS,
  examine,
  type Findings,
} from './expression-bounds.ts'
import { ANY_FIELDS, FIELD_NAME, type FieldType, type FieldTypes } from './fields.ts'
import type { Row, Value } from './value.ts'

/** Where something stands in an expression's text: offset from 0, line and column from 1. */
export type ExpressionPlace = { offset: number; line: number; column: number }

/** An expression that does not parse, does not type-check, or uses what is not allowed. The message never has more than names and types. */
export class ExpressionInvalid extends AppError {
  override readonly code = 'expression.invalid' as const
  readonly place: ExpressionPlace
  readonly item: string
  constructor(message: string, place: ExpressionPlace, options?: ErrorOptions) {
    super(`${message} (line ${place.line}, column ${place.column})`, options)
    this.place = place
    this.item = `line ${place.line}, column ${place.column}`
  }
}

/** An expression that failed on one record. `reason` is CEL's own code of it, such as `no_such_overload`. */
export class EvaluationFailed extends AppError {
  override readonly code = 'expression.failed' as const
  readonly reason: string
  constructor(reason: string, options?: ErrorOptions) {
    super(`the expression failed on a record (${reason})`, options)
    this.reason = reason
  }
}

/** An expression ready to run; `type` is what it gives, `json` when that depends on the record. */
export type Expression = { readonly type: FieldType; evaluate(row: Row): Value }

/**
 * Checks an expression against the fields that records have and returns the type of its value. Fields are top-level names; `double`,
 * `int`, `string` and `bool` are CEL's own types, everything else is dynamic. With `complete` fields an unknown name is an error.
 * Throws `expression.invalid` with the place of the error.
 */
export function checkExpression(text: string, fields: FieldTypes = ANY_FIELDS): FieldType {
  return prepare(text, fields).type
}

/** As `checkExpression`, and makes it ready to run. An evaluation throws `expression.failed`, whose message has no content. */
export function compileExpression(text: string, fields: FieldTypes = ANY_FIELDS): Expression {
  const { type, run, ints } = prepare(text, fields)
  return {
    type,
    evaluate(row) {
      let result: unknown
      try {
        result = run(ints.length > 0 ? withInts(row, ints) : row)
      } catch (cause) {
        throw new EvaluationFailed(celCodeOf(cause), { cause })
      }
      return toValue(result)
    },
  }
}

type Prepared = { type: FieldType; run: ParseResult; ints: readonly string[] }

function prepare(text: string, fields: FieldTypes): Prepared {
  if (text.length > EXPRESSION_LENGTH_MAX) {
    throw new ExpressionInvalid(`longer than ${EXPRESSION_LENGTH_MAX} characters`, placeAt(text, EXPRESSION_LENGTH_MAX))
  }
  const findings = examineText(text)
  const environment = environmentOf(fields, findings)
  const checked = environment.check(text)
  if (!checked.valid) throw invalid(text, checked.error)
  const run = parseGuarded(environment, text, findings)
  // Checking resolves the overloads once, before the first record.
  run.check()
  const ints = [...findings.names].filter((name) => ownValue(fields.types, name) === 'int')
  return { type: fieldTypeOf(text, checked.type ?? 'dyn'), run, ints }
}

function examineText(text: string): Findings {
  let findings: Findings
  try {
    findings = examine(
      new (cel().Environment)({ unlistedVariablesAreDyn: true, limits: EXPRESSION_LIMITS }).parse(text).ast,
    )
  } catch (error) {
    throw invalid(text, error)
  }
  if (findings.refused) throw new ExpressionInvalid(findings.refused.message, placeAt(text, findings.refused.offset))
  return findings
}

function environmentOf(fields: FieldTypes, findings: Findings): Environment {
  const environment = new (cel().Environment)({
    unlistedVariablesAreDyn: !fields.complete,
    homogeneousAggregateLiterals: false,
    limits: EXPRESSION_LIMITS,
  })
  environment.registerFunction('bounded_(list<A>): list<A>', boundedList)
  environment.registerFunction('nonempty_(A): A', nonEmpty)
  for (const [name, type] of Object.entries(fields.types)) {
    // CEL does not compare its own types with null. Who writes `null` knows that fields may lack a value: then they are dynamic.
    const dynamic = type === 'json' || (findings.usesNull && type !== 'string')
    // Names such as `int` or `size of it` are columns, but no variables.
    if (!findings.names.has(name) || !FIELD_NAME.test(name) || environment.hasVariable(name)) continue
    environment.registerVariable(name, dynamic ? 'dyn' : type)
  }
  return environment
}

function boundedList(list: unknown): unknown {
  const length = Array.isArray(list) ? list.length : list instanceof Set ? list.size : 0
  if (length > COMPREHENSION_ELEMENTS_MAX) throw new EvaluationFailed('list_too_long')
  return list
}

function parseGuarded(environment: Environment, text: string, findings: Findings): ParseResult {
  try {
    return environment.parse(withGuards(text, findings))
  } catch (error) {
    // With its guards it can be just over the bounds of the tree.
    throw invalid(text, error)
  }
}

function nonEmpty(text: unknown): unknown {
  if (text === '') throw new EvaluationFailed('empty_text')
  return text
}

/** Puts the guards around what they guard, from the last to the first so that offsets stay true. */
function withGuards(text: string, findings: Findings): string {
  const inserts = findings.guarded.flatMap(({ start, end, guard }, depth) => [
    { at: start, text: `${guard}(`, order: depth },
    { at: end, text: ')', order: -1 },
  ])
  // At the same place the inner opening is put in first, so that the outer one comes to stand before it.
  inserts.sort((a, b) => b.at - a.at || b.order - a.order)
  return inserts.reduce((guarded, insert) => guarded.slice(0, insert.at) + insert.text + guarded.slice(insert.at), text)
}

/** CEL's `int` is a BigInt in JavaScript, ours a number. */
function withInts(row: Row, ints: readonly string[]): Record<string, unknown> {
  const context: Record<string, unknown> = { ...row }
  for (const name of ints) {
    const value = row[name]
    if (typeof value === 'number') context[name] = BigInt(value)
  }
  return context
}

function toValue(result: unknown): Value {
  switch (typeof result) {
    case 'string':
    case 'boolean':
      return result
    case 'number':
      if (!Number.isFinite(result)) throw new EvaluationFailed('not_finite')
      return result
    case 'bigint': {
      const value = Number(result)
      if (!Number.isSafeInteger(value)) throw new EvaluationFailed('int_too_large')
      return value
    }
    default:
      return toComposite(result)
  }
}

function toComposite(result: unknown): Value {
  if (result === null) return null
  if (Array.isArray(result)) return result.map(toValue)
  if (result instanceof Date) return result.toISOString()
  if (result instanceof Map)
    return Object.fromEntries(Array.from(result, ([key, value]) => [String(key), toValue(value)]))
  if (typeof result === 'object' && Object.getPrototypeOf(result) === Object.prototype) {
    return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, toValue(value)]))
  }
  throw new EvaluationFailed('no_json_value')
}

const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  string: 'string',
  double: 'double',
  int: 'int',
  bool: 'bool',
}
/** Types of CEL that have no JSON form worth storing; what they give is converted by hand, by `string(…)` or `int(…)`. */
const NOT_VALUES = new Set(['bytes', 'uint', 'type', 'google.protobuf.Duration'])

function fieldTypeOf(text: string, celType: string): FieldType {
  if (NOT_VALUES.has(celType)) {
    throw new ExpressionInvalid(`a value of type ${celType} cannot be a field; convert it`, placeAt(text, 0))
  }
  if (celType === 'google.protobuf.Timestamp') return 'string'
  return FIELD_TYPES[celType] ?? 'json'
}

function invalid(text: string, error: unknown): ExpressionInvalid {
  const named = error instanceof Error && 'summary' in error && typeof error.summary === 'string'
  const range = error instanceof Error && 'range' in error ? (error.range as { start: number } | undefined) : undefined
  const message = named ? error.summary : 'the expression cannot be read'
  return new ExpressionInvalid(String(message), placeAt(text, range?.start ?? 0), { cause: error })
}

/** CEL's codes only: a message may quote the record. */
function celCodeOf(error: unknown): string {
  if (error instanceof EvaluationFailed) return error.reason
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return 'unexpected'
}

function placeAt(text: string, offset: number): ExpressionPlace {
  const before = text.slice(0, offset).split('\n')
  return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
