/** Inputs that many routes take: what stands in a query is text, and becomes a number here. */
import * as v from 'valibot'
import { naming } from '../base/mod.ts'

/** A whole number in a query or a path. */
export const Whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, naming('must be a whole number')), v.transform(Number))

/** A name, a password, a code or a token as it is typed. */
export const ShortText = v.pipe(v.string(), v.maxLength(512))

/** A field of a form that may stay empty, or be left out. */
export const OptionalText = v.optional(v.string(), '')

/** A port as it is typed. */
export const PortText = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, naming('must be a port, such as 8443')),
  v.transform(Number),
)

/** How many of a list a page of the answer has: 1 to `max`; more is cut to it. */
export function limitOf(max: number, otherwise: number) {
  return v.optional(
    v.pipe(
      Whole,
      v.minValue(1, naming('must be a whole number from 1 on')),
      v.transform((wanted) => Math.min(wanted, max)),
    ),
    String(otherwise),
  )
}

const DAY_MS = 86_400_000

/**
 * A time in a query, as ms since 1970: RFC 3339, or a date, which is the whole day in UTC, from its first or to its last
 * millisecond. `undefined` when it is left empty, so that a form can send it.
 */
export function instantOf(end: 'first' | 'last') {
  return v.optional(
    v.pipe(
      v.string(),
      v.maxLength(64),
      v.check(
        (text) => text === '' || (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(Date.parse(text))),
        naming('must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z'),
      ),
      v.transform((text) => {
        const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
        return text === '' ? undefined : Date.parse(text) + (isDay && end === 'last' ? DAY_MS - 1 : 0)
      }),
    ),
  )
}

/** A time as answers have it: RFC 3339 in UTC. */
export const Instant = v.pipe(v.string(), v.description('RFC 3339, UTC'))
