/** Reads what clients send: bounded first, then parsed by a schema, with every wrong field named. */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import * as v from 'valibot'
import { AppError, issueWords } from '../base/mod.ts'
import { MediaTypeUnsupported, RequestInvalid, RequestMalformed, RequestTooLarge } from './errors.ts'

/** Enough for any form or API call; routes that take uploads or messages state their own bound. */
export const BODY_BYTES_MAX = 256 * 1_024

/** Wrong fields that an answer names: 64 × ~150 B stays under 10 kB. */
const FIELD_ERRORS_MAX = 64

/** Bounds that routes have of their own: `limitOtherBodies` leaves those requests to them. */
const bounds = new WeakSet<object>()

/** Refuses longer bodies with `request.too_large`, by their announced length or, without one, while they arrive. */
export function limitBody(bytesMax: number = BODY_BYTES_MAX): MiddlewareHandler {
  const bound = bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw new RequestTooLarge(bytesMax)
    },
  })
  bounds.add(bound)
  return bound
}

/** For a route that streams its body on and counts it there: refuses what announces more (`request.too_large`), and holds nothing. */
export function limitStreamedBody(bytesMax: number): MiddlewareHandler {
  const bound: MiddlewareHandler = (c, next) => {
    if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw new RequestTooLarge(bytesMax)
    return next()
  }
  bounds.add(bound)
  return bound
}

/** For a whole application: bounds by `BODY_BYTES_MAX` what no `limitBody` of a route bounds, higher or lower. */
export function limitOtherBodies(): MiddlewareHandler {
  const usual = limitBody()
  bounds.delete(usual)
  return (c, next) => (matchedRoutes(c).some(({ handler }) => bounds.has(handler)) ? next() : usual(c, next))
}

/**
 * The JSON body, parsed. Refuses other media types (`request.media_type`), text that is not JSON (`request.malformed`)
 * and values that the schema refuses (`request.invalid`, with `fields`).
 */
export async function readJson<const Schema extends v.GenericSchema>(
  c: Context,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type)) {
    throw new MediaTypeUnsupported('the body must be application/json')
  }
  return parseInput(schema, await bodyOf(c))
}

/** The fields of a form, parsed. A field that appears once is a string, one that repeats an array; files are refused. Refuses `request.invalid`. */
export async function readForm<const Schema extends v.GenericSchema>(
  c: Context,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new MediaTypeUnsupported('the body must be application/x-www-form-urlencoded')
  }
  return parseInput(schema, fieldsOf(new URLSearchParams(await c.req.text())))
}

/**
 * The same of a form with files (multipart), each a `File`; an input where none was chosen is not there. It is read into memory:
 * the route bounds it by `limitBody`.
 */
export async function readUpload<const Schema extends v.GenericSchema>(
  c: Context,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  if (!/^multipart\/form-data\s*;/i.test(c.req.header('content-type') ?? '')) {
    throw new MediaTypeUnsupported('the body must be multipart/form-data')
  }
  const sent = Object.entries(await filesOf(c)).map(([name, value]) => [name, [value].flat().filter(isGiven)] as const)
  const fields = Object.create(null) as Record<string, unknown>
  for (const [name, values] of sent) if (values.length > 0) fields[name] = values.length === 1 ? values[0] : values
  return parseInput(schema, fields)
}

/** Where no file was chosen, browsers send one without name and content; some hosts leave out its name altogether. */
function isGiven(value: string | File): boolean {
  return typeof value === 'string' || Boolean(value.name) || value.size > 0
}

async function filesOf(c: Context): Promise<Record<string, string | File | (string | File)[]>> {
  try {
    return await c.req.parseBody({ all: true })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new RequestMalformed('the body is not a form with files', { cause })
  }
}

/** A group of checkboxes: none, one or many of what each must be. */
export function listField<const Item extends v.GenericSchema<string, string>>(
  item: Item,
): v.GenericSchema<unknown, v.InferOutput<Item>[]> {
  const many = v.pipe(
    v.union([v.string(), v.array(v.string())]),
    v.transform((given) => [given].flat()),
    v.array(item),
  )
  return v.optional(many, [])
}

/** One checkbox: whether it was ticked. */
export function checkField(): v.GenericSchema<unknown, boolean> {
  const word = v.optional(v.picklist(['yes', 'no']), 'no')
  return v.pipe(
    word,
    v.transform((ticked) => ticked === 'yes'),
  )
}

/** What is repeated becomes an array. Without a prototype, so that a field called `__proto__` is a field like any other. */
function fieldsOf(sent: URLSearchParams): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string | string[]>
  for (const name of new Set(sent.keys())) {
    const [first = '', ...more] = sent.getAll(name)
    fields[name] = more.length === 0 ? first : [first, ...more]
  }
  return fields
}

/** Parses what came from outside by any way. Refuses `request.invalid`, naming fields and what is allowed there, never a value that could be secret. */
export function parseInput<const Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const faults = new Map<string, string>()
  for (const issue of result.issues) {
    const { path, message } = issueWords(schema, issue)
    // The first that a place is refused for is enough to mend it.
    if (!faults.has(path) && faults.size < FIELD_ERRORS_MAX) faults.set(path, message)
  }
  throw new RequestInvalid([...faults].map(([path, message]) => ({ path: path || 'body', message })))
}

async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RequestMalformed('the body is not JSON', { cause })
  }
}
