/**
 * Answers about groups of records: from the smallest rollup that serves, in milliseconds whatever the number of records, or else from the
 * records, a stretch at a time, so that memory is a question of the groups alone.
 */
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import type { Clearance, Condition, GroupAnswer, GroupQuery } from '../../wire/mod.ts'
import { type DatasetRow, datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { inOneRead } from '../tenant/query.ts'
import { conditionSql, type Sql } from '../tenant/query-conditions.ts'
import { type QueryField, QueryFields } from '../tenant/query-fields.ts'
import { bucketSql, elementsJoin, GROUP_CHARS_MAX, groupSql } from './dimensions.ts'
import { countedGroups, keysSql, onlyCounts } from './group-counts.ts'
import { type GroupPlan, type PlannedKey, type PlannedMeasure, planOf } from './group-plan.ts'
import { GroupTimes } from './group-times.ts'
import { GROUPS_MAX, Groups } from './groups.ts'
import { type RollupRow, rollupsOf, rollupTable } from './rollup-rows.ts'

/** Records of a stretch: few are sorted in the processor's cache, twice as fast as all at once. */
const STRETCH_MIN = 2_048
/** Where nearly every record is a group of its own, longer ones are cheaper. */
const STRETCH_MAX = 65_536
/** As one text for each of 4 keys, 16,384 × 256 characters at most: 16 MiB. */
const COUNTED_MAX = 16_384

type Asked = { db: DataDatabase; dataset: DatasetRow; fields: QueryFields; query: GroupQuery; plan: GroupPlan }

/**
 * From a rollup; `undefined` if none serves and the records must be looked through. Refuses `query.invalid`, `query.field_restricted`,
 * `query.groups_too_many`, `dataset.not_found`.
 */
export function groupFromRollup(
  db: DataDatabase,
  dataset: string,
  query: GroupQuery,
  clearance: Clearance,
): GroupAnswer | undefined {
  return inOneRead(db, () => {
    const asked = askedOf(db, dataset, query, clearance)
    // One that has no rows has no table: there is nothing to look through either.
    const serving = rollupsOf(db, asked.dataset.no)
      .filter((rollup) => rollup.state === 'ready' && rollup.rows > 0 && serves(rollup, asked))
      .sort((one, other) => one.rows - other.rows)
    return serving[0] && fromRollup(asked, serving[0])
  })
}

/** From the records. Refuses the same. */
export function groupFromRecords(
  db: DataDatabase,
  dataset: string,
  query: GroupQuery,
  clearance: Clearance,
): GroupAnswer {
  return inOneRead(db, () => fromRecords(askedOf(db, dataset, query, clearance)))
}

function askedOf(db: DataDatabase, id: string, query: GroupQuery, clearance: Clearance): Asked {
  const dataset = datasetRow(db, id)
  const fields = new QueryFields(dataset, clearance)
  return { db, dataset, fields, query, plan: planOf(fields, query) }
}

/** It has all that is asked for, to the last record. */
function serves(rollup: RollupRow, { fields, plan, query }: Asked): boolean {
  const { by, sum } = rollup
  // Days are kept as those of UTC.
  const hasKey = ({ key: { field, bucket }, field: { type } }: PlannedKey): boolean =>
    (bucket === undefined || (bucket !== 'hour' && !plan.zone)) &&
    by.some((one) => one.field === field && (one.bucket !== undefined) === (type === 'time'))
  // A record counts once for each text of a nested field: only where these are told apart the figures are right.
  const nested = by.filter(({ field }) => fields.shown(field).type === 'json')
  const areApart = nested.every(({ field }) => plan.keys.some(({ key }) => key.field === field))
  const hasMeasure = (planned: PlannedMeasure): boolean =>
    planned.measure === 'count' ||
    ((planned.measure === 'sum' || planned.measure === 'avg') && sum.includes(planned.field.name))
  return (
    areApart &&
    plan.keys.every(hasKey) &&
    plan.measures.every(hasMeasure) &&
    query.where.every((condition) => tellsApart(rollup, condition, fields))
  )
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Whether the condition holds for all records of a row or for none. */
function tellsApart({ by }: RollupRow, condition: Condition, fields: QueryFields): boolean {
  const dimension = by.find(({ field }) => field === condition.field)
  const { type } = fields.named(condition.field)
  if (!dimension || type === 'json' || condition.is === 'contains') return false
  if (condition.is === 'missing') return true
  const values = condition.is === 'in' ? condition.value : [condition.value]
  // A time is cut to its day, and before or from the beginning of a day on are whole days.
  if (dimension.bucket)
    return (condition.is === 'ge' || condition.is === 'lt') && values.every((value) => DAY.test(String(value)))
  return values.every((value) => String(value).length < GROUP_CHARS_MAX)
}

function fromRollup({ db, fields, query, plan }: Asked, rollup: RollupRow): GroupAnswer {
  const columnOf = (name: string): string => `q.d${rollup.by.findIndex(({ field }) => field === name) + 1}`
  const sumOf = (name: string): number => rollup.sum.indexOf(name) + 1
  const keys = plan.keys.map(({ key: { field, bucket } }) =>
    bucket && bucket !== 'hour' ? bucketSql(columnOf(field), bucket) : columnOf(field),
  )
  const added = plan.measures.flatMap((planned) =>
    planned.measure === 'count'
      ? ['coalesce(sum(q.n), 0)']
      : [`sum(q.s${sumOf(planned.field.name)})`, `sum(q.c${sumOf(planned.field.name)})`],
  )
  const named = (name: string): QueryField => ({
    ...fields.named(name),
    expression: `nullif(${columnOf(name)}, x'')`,
    ofImport: false,
  })
  const conditions = query.where.flatMap((condition) => [
    ...rangeOf(columnOf(condition.field), condition, fields),
    conditionSql({ named }, condition),
  ])
  const groups = new Groups(plan)
  groups.add(db.all(...grouped(keys, added, `${rollupTable(rollup.no)} q`, conditions)))
  return groups.answer(query, 'rollup')
}

/** The same of a text or a day, in the form that finds its place in the table's order; null, a blob there, comes behind all texts. */
function rangeOf(column: string, condition: Condition, fields: QueryFields): Sql[] {
  const { type } = fields.named(condition.field)
  const sign = condition.is === 'ge' ? '>=' : condition.is === 'lt' ? '<' : condition.is === 'eq' ? '=' : undefined
  if (sign === undefined || (type !== 'text' && type !== 'time')) return []
  return [{ text: `${column} ${sign} ?`, values: [String('value' in condition ? condition.value : '')] }]
}

function fromRecords({ db, dataset, fields, query, plan }: Asked): GroupAnswer {
  const nested = plan.keys.find(({ field }) => field.type === 'json')
  const times = plan.keys.map(({ key: { bucket } }) => bucket && new GroupTimes(bucket, plan.zone))
  const keysNow = () =>
    plan.keys.map(({ field: { expression, type } }, at) => {
      return times[at]?.sql(expression) ?? groupSql(type === 'json' ? 'e.value' : expression, type)
    })
  const conditions = query.where.map((condition) => conditionSql(fields, condition))
  const used = [
    ...plan.keys.map(({ field }) => field),
    ...plan.measures.flatMap((planned) => (planned.measure === 'count' ? [] : [planned.field])),
    ...query.where.map(({ field }) => fields.named(field)),
  ]
  const from = [
    `${recordsTable(dataset.no)} r`,
    // Crossed, so that the records stay the outer of both loops and are found by their numbers.
    ...(used.some(({ ofImport }) => ofImport) ? ['CROSS JOIN imports i ON i.no = r.import_no'] : []),
    ...(nested ? [elementsJoin(nested.field.expression, 'e')] : []),
  ].join(' ')
  const added = [...plan.measures.flatMap(addedSql), 'count(*)']
  const groups = new Groups(plan)
  const [first, last] = db.row(`SELECT min(no), max(no) FROM ${recordsTable(dataset.no)}`) ?? []
  const counts = onlyCounts(plan)
  const partOf = (keys: readonly string[], conditions: readonly Sql[]): SqlResult[][] => {
    if (!counts) return db.all(...grouped(keys, added, from, conditions))
    const [columns = []] = db.all(...grouped([], keysSql(keys), from, conditions))
    return countedGroups(columns).map((row) => [...row, row.at(-1) ?? 0])
  }
  // A nested record is in up to 32 groups, and no part may come to more groups than are given.
  const stretchMax = nested ? STRETCH_MIN : counts ? COUNTED_MAX : STRETCH_MAX
  let [stretch, keys] = [STRETCH_MIN, keysNow()]
  for (let at = Number(first ?? 0); first !== null && at <= Number(last); ) {
    const within: Sql = { text: 'r.no >= ? AND r.no < ?', values: [at, at + stretch] }
    const part = partOf(keys, [within, ...conditions])
    const cut = times.map((time, key) => time?.wereCut(part.map((row) => row[key])) ?? true)
    if (cut.includes(false)) {
      keys = keysNow()
      continue
    }
    groups.add(
      part.map((row) =>
        row.slice(0, -1).map((value, key) => times[key]?.bucketOf(value) ?? (times[key] ? null : value)),
      ),
    )
    at += stretch
    const records = part.reduce((sum, row) => sum + Number(row.at(-1)), 0)
    if (part.length * 4 > records) stretch = Math.min(2 * stretch, stretchMax)
  }
  // All records that there are, even if there are none, are one group.
  if (plan.keys.length === 0 && first === null) groups.add(noRecords(plan))
  const answer = groups.answer(query, 'records')
  return { ...answer, rows: answer.rows.map((row) => row.map((value, at) => times[at]?.given(value) ?? value)) }
}

function noRecords({ measures }: GroupPlan): SqlResult[][] {
  const none = ({ measure }: PlannedMeasure): SqlResult[] =>
    measure === 'count' ? [0] : measure === 'sum' || measure === 'avg' ? [0, 0] : [null]
  return [measures.flatMap(none)]
}

function grouped(
  keys: readonly string[],
  added: readonly string[],
  from: string,
  conditions: readonly Sql[],
): [string, SqlValue[]] {
  const filter = conditions.length > 0 ? `WHERE ${conditions.map(({ text }) => text).join(' AND ')}` : ''
  const by = keys.length > 0 ? `GROUP BY ${keys.map((_, at) => at + 1).join(', ')}` : ''
  return [
    `SELECT ${[...keys, ...added].join(', ')} FROM ${from} ${filter} ${by} LIMIT ${GROUPS_MAX + 1}`,
    conditions.flatMap(({ values }) => [...values]),
  ]
}

/** What was kept as text though its field is a number is no part of a sum; in SQLite's order every number comes before every text. */
function addedSql(planned: PlannedMeasure): string[] {
  if (planned.measure === 'count') return ['count(*)']
  const { expression, type } = planned.field
  const numbers = `FILTER (WHERE ${expression} < '')`
  if (planned.measure === 'sum' || planned.measure === 'avg') {
    return [`sum(${expression}) ${numbers}`, `count(*) ${numbers}`]
  }
  if (type === 'number') return [`${planned.measure}(${expression}) ${numbers}`]
  return [`substr(${planned.measure}(nullif(${expression}, '')), 1, ${GROUP_CHARS_MAX})`]
}
