/** Lets only those records through that a condition is true for. Records that pass stay bytes if they came as bytes. */
import * as v from 'valibot'
import { AppError, type Bytes, fromUtf8 } from '../../../base/mod.ts'
import { type Batch, keepRecords } from '../../batch.ts'
import { keptByFields } from '../../compiled.ts'
import { type ComponentContext, defineTransform, type Refusal, type Transform } from '../../component.ts'
import { EXPRESSION_LENGTH_MAX } from '../../expression-bounds.ts'
import { compileExpression, EvaluationFailed, type Expression } from '../../expressions.ts'
import { ANY_FIELDS, type FieldTypes } from '../../fields.ts'
import { refusalOf, soundRows } from '../../sound-rows.ts'

/** The condition is missing, given twice, or gives something else than true or false. */
class FilterConditionInvalid extends AppError {
  override readonly code = 'filter.condition_invalid' as const
}

const FilterConfig = v.strictObject({
  where: v.pipe(
    v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(EXPRESSION_LENGTH_MAX))),
    v.description(
      'CEL condition over the fields of a record; records for which it is true pass. Or a `.cel` file as `code`.',
    ),
  ),
})

/** The transform type `filter`. A record that its condition fails on is refused as `filter.…`, CEL's own code of it. */
export const filterTransform = defineTransform({
  type: 'filter',
  summary: 'Lets records through for which a CEL condition is true.',
  config: FilterConfig,
  code: { summary: 'A `.cel` file with the condition, in place of `where`.' },
  example: { where: 'quantity > 0.0' },
  touches: () => ({}),
  fields(config, input, code) {
    compileCondition(conditionOf(config, code), input)
    return input
  },
  async open(config, context) {
    const text = conditionOf(config, context.code)
    compileCondition(text, ANY_FIELDS)
    return new FilterTransform(text, context)
  },
})

function conditionOf(config: v.InferOutput<typeof FilterConfig>, code: Bytes | undefined): string {
  if (config.where !== undefined && code)
    throw new FilterConditionInvalid('`where` and `code` are given; one of them is the condition')
  if (config.where !== undefined) return config.where
  if (!code) throw new FilterConditionInvalid('neither `where` nor `code` is given')
  return fromUtf8(code)
}

function compileCondition(text: string, fields: FieldTypes): Expression {
  const condition = compileExpression(text, fields)
  if (condition.type !== 'bool' && condition.type !== 'json') {
    throw new FilterConditionInvalid(`the condition gives a ${condition.type}, not true or false`)
  }
  return condition
}

class FilterTransform implements Transform {
  readonly #context: ComponentContext
  readonly #conditionFor: (fields: FieldTypes) => Expression

  constructor(text: string, context: ComponentContext) {
    this.#context = context
    this.#conditionFor = keptByFields((fields) => compileCondition(text, fields))
  }

  async apply(batch: Batch): Promise<Batch> {
    const { batch: sound, rows } = await soundRows(batch, this.#context.refuse)
    const condition = this.#conditionFor(sound.records.fields)
    const kept: number[] = []
    const refused: Refusal[] = []
    for (const [i, row] of rows.entries()) {
      try {
        const passes = condition.evaluate(row)
        if (passes === true) kept.push(i)
        else if (passes !== false) refused.push(refusalOf(sound, i, { code: 'filter.not_a_bool' }))
      } catch (error) {
        if (!(error instanceof EvaluationFailed)) throw error
        refused.push(refusalOf(sound, i, { code: `filter.${error.reason}` }))
      }
    }
    await this.#context.refuse(refused)
    return keepRecords(sound, kept)
  }

  async close(): Promise<void> {}
}
