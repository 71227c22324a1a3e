/** Inputs that many routes take: what stands in a query is text, and becomes a number here. */
import * as v from 'valibot'

/** A whole number in a query or a path. */
export const Whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number'), v.transform(Number))

/** A name, a password, a code or a token as it is typed. */
export const ShortText = v.pipe(v.string(), v.maxLength(512))

/** A field of a form that may stay empty, or be left out. */
export const OptionalText = v.optional(v.string(), '')

/** A port as it is typed. */
export const PortText = v.pipe(v.string(), v.regex(/^\d{1,5}$/, 'is no port'), v.transform(Number))

/** How many of a list a page of the answer has: 1 to `max`; more is cut to it. */
export function limitOf(max: number, otherwise: number) {
  return v.optional(
    v.pipe(
      Whole,
      v.minValue(1),
      v.transform((wanted) => Math.min(wanted, max)),
    ),
    String(otherwise),
  )
}

/** A time as answers have it: RFC 3339 in UTC. */
export const Instant = v.pipe(v.string(), v.description('RFC 3339, UTC'))
