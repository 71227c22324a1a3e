/** Conditions of a query as SQL with parameters: every value is bound, every name is an expression of ours. */
import type { SqlValue } from '../../store/mod.ts'
import type { Condition } from '../../wire/mod.ts'
import { QueryInvalid } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { numberOf, timeOf } from '../shapes/values.ts'
import type { QueryField, QueryFields } from './query-fields.ts'

/** A piece of a statement with what is bound in it. */
export type Sql = { text: string; values: readonly SqlValue[] }

/** Text fields that a search looks into: SQLite's expressions are at most 1,000 deep. */
const SEARCHED_FIELDS_MAX = 128

const OPERATORS = { eq: 'IS', ne: 'IS NOT', lt: '<', le: '<=', gt: '>', ge: '>=' } as const

/** A condition. `ne` holds for a field that is missing, too. Refuses `query.invalid`. */
export function conditionSql(fields: Pick<QueryFields, 'named'>, condition: Condition): Sql {
  const field = fields.named(condition.field)
  const { expression, type } = field
  switch (condition.is) {
    case 'missing':
      return missing(field, condition.value ?? true)
    case 'contains':
      return { text: `${expression} LIKE ? ESCAPE '\\'`, values: [likePattern(condition.value)] }
    case 'in': {
      const values = condition.value.map((value) => comparable(field, value))
      return { text: `${expression} IN (${values.map(() => '?').join(', ')})`, values }
    }
    default: {
      const value = comparable(field, condition.value)
      const compared = `${expression} ${OPERATORS[condition.is]} ?`
      if (condition.is === 'eq' || condition.is === 'ne') return { text: compared, values: [value] }
      if (type === 'boolean') throw new QueryInvalid(`${quoted(field.name)} is true or false, which have no order`)
      if (type !== 'number') return { text: compared, values: [value] }
      if (typeof value !== 'number') throw new QueryInvalid(`${quoted(field.name)} is a number, expected one`)
      // What was kept as text though its field is a number comes after every number in SQLite's order.
      return { text: `(typeof(${expression}) IN ('integer', 'real') AND ${compared})`, values: [value] }
    }
  }
}

/** One of the text fields that who asks may see has that in it. */
export function searchSql(fields: QueryFields, text: string): Sql {
  const searched = fields.all
    .filter(({ type, ofImport, masked }) => type === 'text' && !ofImport && !masked)
    .slice(0, SEARCHED_FIELDS_MAX)
  if (searched.length === 0) return { text: '0', values: [] }
  const pattern = likePattern(text)
  return {
    text: `(${searched.map(({ expression }) => `${expression} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
    values: searched.map(() => pattern),
  }
}

function missing({ expression, type }: QueryField, wanted: boolean): Sql {
  const absent = type === 'text' ? `(${expression} IS NULL OR ${expression} = '')` : `${expression} IS NULL`
  return { text: wanted ? absent : `NOT ${absent}`, values: [] }
}

/** A value as the field keeps such values. */
function comparable({ name, type }: QueryField, value: string | number | boolean): SqlValue {
  switch (type) {
    case 'json':
      throw new QueryInvalid(`${quoted(name)} is nested, and only \`contains\` and \`missing\` can be asked of it`)
    case 'boolean':
      if (typeof value === 'boolean' || value === 'true' || value === 'false') return String(value) === 'true' ? 1 : 0
      throw new QueryInvalid(`${quoted(name)} is true or false, expected one of them`)
    case 'number':
      return typeof value === 'number' ? value : (numberOf(String(value)) ?? String(value))
    case 'time':
      return timeOf(String(value)) ?? String(value)
    case 'text':
      return String(value)
  }
}

function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
