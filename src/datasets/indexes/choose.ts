/**
 * Which declared index leads a query to its records. One is used only where it is never slower than to look through all: a page of the
 * newest records that many fit is found at once without any.
 */
import type { DataDatabase } from '../../store/mod.ts'
import type { Query } from '../../wire/mod.ts'
import { isOurs } from '../shapes/our-fields.ts'
import type { DatasetRow } from '../tenant/dataset-rows.ts'
import { conditionSql, type Sql } from '../tenant/query-conditions.ts'
import type { QueryFields } from '../tenant/query-fields.ts'
import { lastRecord } from './build.ts'
import { type IndexRow, indexedText, indexesOf, indexTable } from './index-rows.ts'

type Ordered = { expression: string; descending: boolean; ofImport: boolean }

export type IndexUse = {
  /** What stands first in the statement, and the number of a record there. */
  lead: { table: string; number: string }
  /** The same order by the values of the index, if it gives it. */
  inOrder(sorted: readonly Ordered[]): Ordered[]
  /** Beside the query's own conditions. */
  condition(fields: QueryFields): Sql
}

/** Nothing is looked at that the query does not name, which only who is cleared for it may. */
export function chosenIndex(db: DataDatabase, dataset: DatasetRow, query: Query): IndexUse | undefined {
  if (!query.where?.length && !query.sort?.length) return undefined
  // A document's field that is called as one of ours is not what a query means by that name.
  const rows = indexesOf(db, dataset.no).filter(({ fields }) => !fields.some(isOurs))
  if (rows.length === 0) return undefined
  const last = lastRecord(db, dataset.no)
  const all = rows.filter(({ builtTo }) => builtTo >= last).map((row) => ({ row, ...fitOf(row, query) }))
  // By the order, too; or else by as many values as there are.
  const best =
    all.find(({ givesOrder }) => givesOrder) ??
    all.filter(({ row, equal }) => equal === row.fields.length).sort((one, other) => other.equal - one.equal)[0]
  return best && useOf(best, query)
}

/**
 * How many of its first fields have a value that the query gives; and whether those that follow are the query's order and nothing else is
 * asked, so that it is read only as far as the page goes. With all of them given, records come by their number: any other order and
 * condition is as good as without it, over fewer records.
 */
function fitOf({ fields }: IndexRow, { where = [], sort = [], search }: Query): { equal: number; givesOrder: boolean } {
  const given = new Set(where.filter(({ is }) => is === 'eq').map(({ field }) => field))
  const first = fields.findIndex((name) => !given.has(name))
  const equal = first === -1 ? fields.length : first
  const follows = sort.length > 0 && sort.every(({ field }, at) => fields[equal + at] === field)
  return { equal, givesOrder: follows && where.length === equal && search === undefined }
}

function useOf(
  { row, equal, givesOrder }: { row: IndexRow; equal: number; givesOrder: boolean },
  { where = [] }: Query,
): IndexUse {
  return {
    lead: { table: `${indexTable(row.no)} x`, number: 'x.no' },
    inOrder: (sorted) => sorted.map((one, at) => (givesOrder ? { ...one, expression: `x.f${equal + at + 1}` } : one)),
    condition(fields) {
      const parts = row.fields.slice(0, equal).map((name, at): Sql => {
        const condition = where.find(({ field, is }) => field === name && is === 'eq')
        if (!condition) return { text: '1', values: [] }
        const { values } = conditionSql(fields, condition)
        const value = typeof values[0] === 'string' ? indexedText('?') : '?'
        return { text: `x.f${at + 1} IS ${value}`, values }
      })
      const text = parts.map((part) => part.text).join(' AND ')
      return { text: text === '' ? '1' : text, values: parts.flatMap(({ values }) => values) }
    },
  }
}
