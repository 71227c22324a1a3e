/** Parts of the settings of a connector to any REST API: how it pages, what its records become, how far it is. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { JsonPointer } from '../http/json-pointer.ts'

const PAGES_MAX = 100_000
const MEGABYTES_MAX = 65_536
const MINUTES_MAX = 1_380
const FIELDS_MAX = 256

const Positive = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000))
const Size = v.optional(Positive)

export const Paging = v.variant('kind', [
  /** The header `Link` with `rel="next"`. */
  v.strictObject({ kind: v.literal('link') }),
  /** `{page}`, until a page is empty, or shorter than `size`. */
  v.strictObject({ kind: v.literal('page'), first: v.optional(v.picklist([0, 1]), 1), size: Size }),
  /** `{offset}`, in the same way. */
  v.strictObject({ kind: v.literal('offset'), size: Size }),
  /** `{token}`, which stands in the answer at that pointer. */
  v.strictObject({ kind: v.literal('token'), at: JsonPointer }),
  /** The next page's URL, which stands in the answer at that pointer; of the same host, or it is not followed. */
  v.strictObject({ kind: v.literal('url'), at: JsonPointer }),
])
export type Paging = v.InferOutput<typeof Paging>

const FieldName = v.pipe(v.string(), v.minLength(1), v.maxLength(256))
const Mapped = v.union([
  JsonPointer,
  v.strictObject({
    at: JsonPointer,
    type: v.optional(v.picklist(['text', 'number', 'boolean', 'time', 'json'])),
  }),
  v.strictObject({ value: v.union([v.string(), v.number(), v.boolean()]) }),
])
/** Pointers, each a field of its last name; or names of fields with where their value is, its type, or a constant. */
export const FieldMap = v.union([
  v.pipe(v.array(JsonPointer), v.minLength(1), v.maxLength(FIELDS_MAX)),
  v.pipe(
    v.record(FieldName, Mapped),
    v.check((map) => Object.keys(map).length <= FIELDS_MAX, `must have at most ${FIELDS_MAX} fields`),
  ),
])
export type FieldMap = v.InferOutput<typeof FieldMap>

export const TIME_FORMATS = ['rfc3339', 'rfc3339-ms', 'date', 'seconds', 'milliseconds'] as const

export const RestCursorSetting = v.variant('kind', [
  v.strictObject({
    kind: v.literal('time'),
    at: JsonPointer,
    format: v.optional(v.picklist(TIME_FORMATS), 'rfc3339'),
    /** How far before the newest record each run begins. */
    overlapSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_592_000)), 300),
    /** Where the first run begins; without it with everything. */
    start: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/,
          naming('must be a date, or a time in UTC such as 2026-01-31T00:00:00Z'),
        ),
      ),
    ),
    /** Whether the API lists the oldest change first. */
    sorted: v.optional(v.boolean(), false),
  }),
  v.strictObject({ kind: v.literal('id'), at: JsonPointer, sorted: v.optional(v.boolean(), false) }),
])
export type RestCursorSetting = v.InferOutput<typeof RestCursorSetting>

const UNFIT_HEADERS = new Set([
  ...['authorization', 'proxy-authorization', 'cookie', 'host', 'content-length', 'content-type', 'transfer-encoding'],
  ...['connection', 'upgrade', 'te', 'trailer', 'expect', 'accept-encoding', 'if-none-match', 'user-agent'],
  // They make another request of it than was agreed to.
  ...['x-http-method-override', 'x-http-method', 'x-method-override'],
])
const HeaderName = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, naming('must be the name of a header')))

export const PlainHeader = v.pipe(
  HeaderName,
  v.check(
    (name) => !UNFIT_HEADERS.has(name.toLowerCase()),
    naming('must be a header that is not the connection’s own, nor a credential'),
  ),
)
export const CredentialHeader = v.strictObject({
  header: v.optional(
    v.pipe(
      HeaderName,
      v.check(
        (name) => name.toLowerCase() === 'authorization' || !UNFIT_HEADERS.has(name.toLowerCase()),
        naming('must be a header that is not the connection’s own'),
      ),
    ),
  ),
  prefix: v.optional(v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,64}$/))),
})

export const Limits = v.strictObject({
  pages: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGES_MAX)), 10_000),
  megabytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MEGABYTES_MAX)), 4_096),
  minutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MINUTES_MAX)), 240),
})
