/** Reads what clients send: bounded first, then parsed by a schema, with every wrong field named. */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as v from 'valibot'
import { type FieldError, MediaTypeUnsupported, RequestInvalid, RequestMalformed, RequestTooLarge } from './errors.ts'

/** Enough for any form or API call; routes that take uploads or messages state their own bound. */
export const BODY_BYTES_MAX = 256 * 1_024

/** Wrong fields that an answer names: 64 × ~150 B stays under 10 kB. */
const FIELD_ERRORS_MAX = 64

/** Refuses longer bodies with `request.too_large`, by their announced length or, without one, while they arrive. */
export function limitBody(bytesMax: number = BODY_BYTES_MAX): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw new RequestTooLarge(bytesMax)
    },
  })
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

/** The fields of a form, parsed. A field that appears once is a string; files are refused. Refuses `request.invalid`. */
export async function readForm<const Schema extends v.GenericSchema>(
  c: Context,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new MediaTypeUnsupported('the body must be application/x-www-form-urlencoded')
  }
  return parseInput(schema, Object.fromEntries(new URLSearchParams(await c.req.text())))
}

/** Parses what came from outside by any way. Refuses `request.invalid`, naming fields and what was expected, never values. */
export function parseInput<const Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  throw new RequestInvalid(result.issues.slice(0, FIELD_ERRORS_MAX).map(fieldError))
}

async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RequestMalformed('the body is not JSON', { cause })
  }
}

function fieldError(issue: v.BaseIssue<unknown>): FieldError {
  return { path: v.getDotPath(issue) ?? 'body', message: messageOf(issue) }
}

/** Valibot's own sentences quote what was received, which may be a secret; those of a schema of ours do not. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  const ownSentence = !issue.message.includes(' but received ') && !issue.message.startsWith('Invalid ')
  if (ownSentence) return issue.message
  if (issue.kind === 'schema' && issue.received === 'undefined') return 'is missing'
  return issue.expected === null ? 'is not as it should be' : `must be ${issue.expected}`
}
