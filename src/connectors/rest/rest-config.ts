/** Settings of a connector to any REST API that answers JSON. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { JsonPointer } from '../http/json-pointer.ts'
import { SiteAuthority, SiteUrl } from '../settings.ts'
import { CredentialHeader, FieldMap, Limits, Paging, PlainHeader, RestCursorSetting } from './rest-parts.ts'
import { hasPlace, type PlaceName } from './rest-places.ts'

const PARAMETERS_MAX = 64
const BODY_LENGTH_MAX = 16_384

const Values = v.pipe(
  v.record(
    v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
    v.union([v.pipe(v.string(), v.maxLength(1_024)), v.number(), v.boolean()]),
  ),
  v.check((values) => Object.keys(values).length <= PARAMETERS_MAX, `must be at most ${PARAMETERS_MAX}`),
)

const Settings = v.strictObject({
  url: v.pipe(SiteUrl, v.description('Where the API is: `https://api.example.com/v2`.')),
  path: v.pipe(
    v.string(),
    v.trim(),
    v.maxLength(1_024),
    v.regex(/^\/(?!\/)[^\s?#\\]*$/, naming('must be a path such as /tickets, without a query')),
    v.description('What is asked for below that, such as `/tickets`.'),
  ),
  method: v.pipe(
    v.optional(v.picklist(['GET', 'POST']), 'GET'),
    v.description('`POST` for APIs that take a search as a body.'),
  ),
  query: v.pipe(
    v.optional(Values),
    v.description(
      'Parameters by name. `{since}`, `{after}`, `{page}`, `{offset}`, `{token}` and `{size}` stand for what the run is at; a parameter whose place has no value yet is left out.',
    ),
  ),
  body: v.pipe(
    v.optional(
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.check(
          (body) => JSON.stringify(body).length <= BODY_LENGTH_MAX,
          `must be at most ${BODY_LENGTH_MAX} characters`,
        ),
      ),
    ),
    v.description('What is sent as JSON with `POST`, with the same places.'),
  ),
  headers: v.pipe(
    v.optional(v.record(PlainHeader, v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,256}$/)))),
    v.description('Headers that every request has, such as `Accept`. Never a credential.'),
  ),
  authorization: v.pipe(
    v.optional(CredentialHeader),
    v.description(
      '`header`: where a token is shown, if not as a bearer in `Authorization`; `prefix`: what stands before it there.',
    ),
  ),
  paging: v.pipe(
    v.optional(Paging),
    v.description(
      'How it goes on: `kind` is `link`, `page`, `offset`, `token` or `url`. Without it there is one page.',
    ),
  ),
  records: v.pipe(
    v.optional(JsonPointer, ''),
    v.description('Where in an answer the list of records is, such as `/data/items`.'),
  ),
  fields: v.pipe(
    v.optional(FieldMap),
    v.description(
      'Fields of a record by name: a pointer such as `/user/name`, `{ at, type }` or `{ value }`. Without any, records are as they come.',
    ),
  ),
  key: v.pipe(v.optional(JsonPointer), v.description('Where in a record is what it is known by, such as `/id`.')),
  cursor: v.pipe(
    v.optional(RestCursorSetting),
    v.description(
      'What tells new records from known ones: a `time` or an `id` in each, and `{since}` or `{after}` in the query.',
    ),
  ),
  limits: v.pipe(v.optional(Limits), v.description('Of one run: `pages`, `megabytes`, `minutes`.')),
  ca: SiteAuthority,
})

export const RestConfig = v.pipe(
  Settings,
  v.check(({ method, body }) => body === undefined || method === 'POST', '`body` needs `method: POST`'),
  v.check(
    (config) => lacking(config) === undefined,
    ({ input }) => `a place {${lacking(input as Parsed)}} is needed in \`query\` or \`body\``,
  ),
)
export type RestConfig = v.InferOutput<typeof RestConfig>
type Parsed = v.InferOutput<typeof Settings>

/** The place without which a setting does nothing. */
function lacking({ cursor, paging, query, body }: Parsed): PlaceName | undefined {
  const needed: (PlaceName | undefined)[] = [
    cursor?.kind === 'time' ? 'since' : cursor?.kind === 'id' ? 'after' : undefined,
    paging?.kind === 'page' || paging?.kind === 'offset' || paging?.kind === 'token' ? paging.kind : undefined,
  ]
  return needed.find((name) => name !== undefined && !hasPlace({ query, body }, name))
}
