/** Sets fields by expressions, and drops others. */
import * as v from 'valibot'
import { recordOf } from '../../../wire/mod.ts'
import { type Batch, keepRecords } from '../../batch.ts'
import { keptByFields } from '../../compiled.ts'
import { type ComponentContext, defineTransform, type Refusal, type Transform } from '../../component.ts'
import { EXPRESSION_LENGTH_MAX } from '../../expression-bounds.ts'
import { compileExpression, EvaluationFailed, type Expression } from '../../expressions.ts'
import { ANY_FIELDS, FIELD_NAME, type FieldType, type FieldTypes } from '../../fields.ts'
import { Records } from '../../records.ts'
import { refusalOf, soundRows } from '../../sound-rows.ts'
import type { Row } from '../../value.ts'

/** Fields that one `map` sets; each is an expression of its own. */
export const SET_FIELDS_MAX = 256

const FieldName = v.pipe(v.string(), v.regex(FIELD_NAME, 'expected a name of letters, digits and `_`'))
const ColumnName = v.pipe(v.string(), v.minLength(1), v.maxLength(128), v.notValue('__proto__'))

const MapConfig = v.strictObject({
  set: v.pipe(
    v.optional(
      v.pipe(
        recordOf(FieldName, v.pipe(v.string(), v.minLength(1), v.maxLength(EXPRESSION_LENGTH_MAX))),
        v.check((set) => Object.keys(set).length <= SET_FIELDS_MAX, `at most ${SET_FIELDS_MAX} fields`),
      ),
      {},
    ),
    v.description(
      'Fields to set: name → CEL expression over the record as it came in. Literals beside doubles are written `2.0`.',
    ),
  ),
  drop: v.pipe(v.optional(v.pipe(v.array(ColumnName), v.maxLength(2_000)), []), v.description('Fields to leave out.')),
  keep: v.pipe(
    v.optional(v.pipe(v.array(ColumnName), v.maxLength(2_000))),
    v.description('If given, only these fields stay, beside those that are set.'),
  ),
})
type MapConfig = v.InferOutput<typeof MapConfig>

type Compiled = { expressions: readonly (readonly [string, Expression])[]; fields: FieldTypes }

/** The transform type `map`. A record that one of its expressions fails on is refused as `map.…`, CEL's own code of it. */
export const mapTransform = defineTransform({
  type: 'map',
  summary: 'Sets fields by CEL expressions, drops or keeps others.',
  config: MapConfig,
  example: { set: { total: 'price * quantity' }, drop: ['note'] },
  touches: () => ({}),
  fields: (config, input) => compile(config, input).fields,
  async open(config, context) {
    // What is wrong whatever the fields are is found before the first record.
    compile(config, ANY_FIELDS)
    return new MapTransform(config, context)
  },
})

function compile(config: MapConfig, input: FieldTypes): Compiled {
  const expressions = Object.entries(config.set).map(([name, text]) => [name, compileExpression(text, input)] as const)
  const types: Record<string, FieldType> = {}
  for (const [name, type] of Object.entries(input.types)) if (stays(config, name)) types[name] = type
  for (const [name, expression] of expressions) types[name] = expression.type
  return { expressions, fields: { types, complete: input.complete } }
}

function stays(config: MapConfig, name: string): boolean {
  return !config.drop.includes(name) && (config.keep === undefined || config.keep.includes(name))
}

class MapTransform implements Transform {
  readonly #config: MapConfig
  readonly #context: ComponentContext
  readonly #compiledFor: (fields: FieldTypes) => Compiled

  constructor(config: MapConfig, context: ComponentContext) {
    this.#config = config
    this.#context = context
    this.#compiledFor = keptByFields((fields) => compile(config, fields))
  }

  async apply(batch: Batch): Promise<Batch> {
    const { batch: sound, rows } = await soundRows(batch, this.#context.refuse)
    const compiled = this.#compiledFor(sound.records.fields)
    const mapped: Row[] = []
    const kept: number[] = []
    const refused: Refusal[] = []
    for (const [i, row] of rows.entries()) {
      try {
        mapped.push(this.#mapRow(row, compiled))
        kept.push(i)
      } catch (error) {
        if (!(error instanceof EvaluationFailed)) throw error
        refused.push(refusalOf(sound, i, { code: `map.${error.reason}` }))
      }
    }
    await this.#context.refuse(refused)
    return { ...keepRecords(sound, kept), records: Records.fromRows(mapped, compiled.fields) }
  }

  async close(): Promise<void> {}

  #mapRow(row: Row, compiled: Compiled): Row {
    const mapped: Row = this.#config.keep ? pickFields(row, this.#config.keep) : { ...row }
    for (const name of this.#config.drop) delete mapped[name]
    for (const [name, expression] of compiled.expressions) mapped[name] = expression.evaluate(row)
    return mapped
  }
}

function pickFields(row: Row, names: readonly string[]): Row {
  const picked: Row = {}
  for (const name of names) {
    const value = Object.hasOwn(row, name) ? row[name] : undefined
    if (value !== undefined) picked[name] = value
  }
  return picked
}
