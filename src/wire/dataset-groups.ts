/** What is asked of many records at once, as charts and tables of figures need it, and the figures that are kept ready for it. */
import * as v from 'valibot'
import { TIME_ZONE_LENGTH_MAX } from '../base/mod.ts'
import { Condition, DatasetField } from './datasets.ts'
import { Count, idOf } from './formats.ts'

/** Fields by which records are put into groups, and measures of each group: what a table of figures has. */
const GROUP_KEYS_MAX = 4
const MEASURES_MAX = 16
const CONDITIONS_MAX = 32
const SORTS_MAX = 4
/** Groups of one answer. */
const GROUPS_ANSWERED_MAX = 10_000
const GROUPS_DEFAULT = 1_000
/** Fields of a rollup, and fields that it adds up: a row of it is ~150 B. */
const ROLLUP_KEYS_MAX = 6
const ROLLUP_SUMS_MAX = 4

const FieldName = DatasetField.entries.name

/** Id of a rollup. */
export const RollupId = idOf('ru')
export type RollupId = v.InferOutput<typeof RollupId>

/** In the time zone of the question; a week begins on Monday. */
export const Bucket = v.picklist(['hour', 'day', 'week', 'month'])
export type Bucket = v.InferOutput<typeof Bucket>

/** A time needs a bucket; of a nested field each text of its array is a group, in which the record counts. */
export const GroupKey = v.strictObject({ field: FieldName, bucket: v.optional(Bucket) })
export type GroupKey = v.InferOutput<typeof GroupKey>

/** `sum` and `avg`: of numbers, and of true (1) and false (0) · `min` and `max`: of numbers, texts and times. */
export const GroupMeasure = v.variant('measure', [
  v.strictObject({ measure: v.literal('count') }),
  v.strictObject({ measure: v.picklist(['sum', 'avg', 'min', 'max']), field: FieldName }),
])
export type GroupMeasure = v.InferOutput<typeof GroupMeasure>

/**
 * Groups of the records for which all conditions hold. `sort` names columns of the answer, such as `count` or `day(started_at)`; what it
 * leaves open, and without it all, is in the order of `by`. Without `by` all records are one group. `timeZone` is that of the buckets, by
 * its IANA name, without it UTC: an hour of another is given with what its clocks were from UTC, a date alone is that date in each.
 */
export const GroupQuery = v.strictObject({
  by: v.optional(v.pipe(v.array(GroupKey), v.maxLength(GROUP_KEYS_MAX)), []),
  measures: v.optional(v.pipe(v.array(GroupMeasure), v.minLength(1), v.maxLength(MEASURES_MAX)), [
    { measure: 'count' },
  ]),
  where: v.optional(v.pipe(v.array(Condition), v.maxLength(CONDITIONS_MAX)), []),
  sort: v.optional(
    v.pipe(
      v.array(v.strictObject({ column: v.string(), descending: v.optional(v.boolean()) })),
      v.maxLength(SORTS_MAX),
    ),
    [],
  ),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(GROUPS_ANSWERED_MAX)), GROUPS_DEFAULT),
  timeZone: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(TIME_ZONE_LENGTH_MAX))),
})
export type GroupQuery = v.InferOutput<typeof GroupQuery>

/**
 * A row for each group: the values of `by`, then the measures, in the order of `columns`. `more`: there are groups that the limit left
 * out. `from`: whether the records were looked through for it, or a rollup had it ready.
 */
export const GroupAnswer = v.strictObject({
  columns: v.array(DatasetField),
  rows: v.array(v.array(v.unknown())),
  more: v.boolean(),
  from: v.picklist(['rollup', 'records']),
})
export type GroupAnswer = v.InferOutput<typeof GroupAnswer>

/** A time of a rollup is cut to its day. */
const RollupKey = v.strictObject({ field: FieldName, bucket: v.optional(v.literal('day')) })

/** Which figures are kept ready: how many records there are of each combination of `by`, and the sums of some fields over them. */
export const NewRollup = v.strictObject({
  by: v.pipe(v.array(RollupKey), v.minLength(1), v.maxLength(ROLLUP_KEYS_MAX)),
  sum: v.optional(v.pipe(v.array(FieldName), v.maxLength(ROLLUP_SUMS_MAX)), []),
})
export type NewRollup = v.InferOutput<typeof NewRollup>

/** `building`: the records that were there are being counted · `ended`: it came to more rows than one may have. */
export const RollupState = v.picklist(['building', 'ready', 'ended'])

/** `preset`: its name, if its dataset has it by its shape. */
export const Rollup = v.strictObject({
  ...{ id: RollupId, preset: v.optional(v.string()), state: RollupState, rows: Count },
  ...{ by: v.array(RollupKey), sum: v.array(FieldName) },
})
export type Rollup = v.InferOutput<typeof Rollup>
