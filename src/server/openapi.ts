/** The OpenAPI 3.1 document of an application, made of what its routes declare. Nothing in it is written twice. */
import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { Declaration, DeclaredRoute } from './api.ts'

type Json = Record<string, unknown>

/** The document as far as readers here look into it; it is plain JSON. */
export type OpenApi = {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: Json
  security: Json[]
}
/** One route: `x-role` is the lowest role that may ask, `x-confirm` says that it asks who you are again. */
export type Operation = {
  tags: string[]
  summary: string
  'x-role': string
  'x-confirm'?: true
  parameters?: Parameter[]
  requestBody?: Json
  responses: Record<string, Json>
}

/** `in`: path or query. */
type Parameter = { name: string; in: 'path' | 'query'; required: boolean; schema: Json }

/** `base` is the path under which the routes stand. */
export function openApiOf(
  routes: readonly DeclaredRoute[],
  about: { title: string; version: string; base: string },
): OpenApi {
  const paths: OpenApi['paths'] = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: about.title, version: about.version, description: DESCRIPTION },
    servers: [{ url: about.base }],
    paths,
    components: { schemas: { Problem: PROBLEM }, securitySchemes: SECURITY_SCHEMES },
    security: [{ token: [] }, { session: [] }],
  }
}

const DESCRIPTION =
  'Failures are problem details (RFC 9457) with a stable `code`. Ask with `Authorization: Bearer slt_…`, or by the session of a page.'

const SECURITY_SCHEMES = {
  token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
  session: { type: 'apiKey', in: 'cookie', name: '__Host-sluice', description: 'The session of a page.' },
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; the guide lists them all.' },
    advice: { type: 'string', description: 'What to do.' },
    requestId: { type: 'string' },
    retryAfter: { type: 'integer', description: 'Seconds.' },
    fields: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
  },
}

function operationOf({ tag, path, declaration }: DeclaredRoute): Operation {
  const { summary, role, fresh, params, query, body, upload } = declaration
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const parameters = [...parametersOf('path', params, named), ...parametersOf('query', query, [])]
  return {
    tags: [tag],
    summary,
    'x-role': role,
    ...(fresh && { 'x-confirm': true as const }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: json(jsonSchemaOf(body)) } }),
    ...(upload !== undefined && { requestBody: { required: true, content: { [upload]: {} } } }),
    responses: responsesOf(declaration),
  }
}

function responsesOf({ answer, events, file, status }: Declaration): Record<string, Json> {
  const failures = { default: { description: 'A problem.', content: { 'application/problem+json': PROBLEM_REF } } }
  if (file !== undefined) return { 200: { description: 'The file.', content: { [file]: {} } }, ...failures }
  if (!answer) return { 204: { description: 'Done.' }, ...failures }
  const stream = events !== undefined && { 'text/event-stream': { schema: { type: 'string', description: events } } }
  return {
    [status ?? 200]: { description: 'Done.', content: { ...json(jsonSchemaOf(answer)), ...stream } },
    ...failures,
  }
}

const PROBLEM_REF = { schema: { $ref: '#/components/schemas/Problem' } }

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}

/** Each member of an object schema as a parameter; those of the path that no schema describes are strings. */
function parametersOf(place: 'path' | 'query', schema: v.GenericSchema | undefined, named: string[]): Parameter[] {
  const described = schema ? jsonSchemaOf(schema) : {}
  const properties = (described['properties'] ?? {}) as Record<string, Json>
  const required = (described['required'] ?? []) as string[]
  const names = [...new Set([...named, ...Object.keys(properties)])]
  return names.map((name) => ({
    ...{ name, in: place, required: place === 'path' || required.includes(name) },
    // What stands in an address is text; a check of ours has no type in JSON Schema.
    schema: { type: 'string', ...properties[name] },
  }))
}

/** What JSON Schema cannot say (a transformation, a check of ours) is left out: the schema then allows more than what is parsed by it. */
export function jsonSchemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, ...described } = toJsonSchema(schema as Parameters<typeof toJsonSchema>[0], {
    ...{ typeMode: 'input', errorMode: 'ignore' },
    target: 'draft-2020-12',
  })
  return { ...described }
}
