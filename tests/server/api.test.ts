import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Role } from '../../src/accounts/mod.ts'
import { logOf } from '../../src/base/mod.ts'
import { ApiRoutes } from '../../src/server/mod.ts'
import { openApiOf } from '../../src/server/openapi.ts'
import type { PersonEnv } from '../../src/server/person.ts'
import { onFailure } from '../../src/web/mod.ts'

const Order = v.strictObject({
  id: v.pipe(v.number(), v.integer()),
  note: v.optional(v.pipe(v.string(), v.maxLength(8))),
})
const Query = v.object({ limit: v.optional(v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)), '10') })

function orders(): ApiRoutes {
  const one = new ApiRoutes('Orders')
    .get('/', { summary: 'One.', role: 'viewer', params: v.object({ id: v.string() }), answer: Order }, async () => ({
      id: 1,
    }))
    .delete('/', { summary: 'Removes it.', role: 'owner', fresh: true }, async () => undefined)
  return new ApiRoutes('Orders')
    .get(
      '/',
      { summary: 'All.', role: 'viewer', query: Query, answer: v.object({ limit: v.number() }) },
      async ({ query }) => query,
    )
    .post(
      '/',
      { summary: 'Adds one.', role: 'operator', body: Order, bodyBytesMax: 64, answer: Order, status: 201 },
      async ({ body }) => body,
    )
    .get('/export', { summary: 'As lines.', role: 'viewer', file: 'application/x-ndjson' }, async ({ c }) =>
      c.body('{}\n'),
    )
    .mount('/:id', one)
}

const Fields = v.object({ fields: v.array(v.object({ path: v.string() })) })
const codeIn = (problem: unknown): string => v.parse(v.object({ code: v.string() }), problem).code

/** The routes behind a gate that lets one role in. */
function appFor(role: Role, fresh = true): Hono<PersonEnv> {
  const app = new Hono<PersonEnv>()
  app.onError(onFailure({ log: logOf('test') }))
  app.use('*', (c, next) => {
    c.set('user', { id: 'usr_1', name: 'maria', role, via: 'session', credential: 'ses_1', confirmedAtMs: 0 })
    c.set('fresh', fresh)
    return next()
  })
  return app.route('/orders', orders().hono)
}

const post = (app: Hono<PersonEnv>, body: unknown) =>
  app.request('/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('a declared route', () => {
  test('parses what it is sent, answers JSON with its status, and a file as it is', async () => {
    const app = appFor('operator')
    expect(await (await app.request('/orders?limit=7')).json()).toEqual({ limit: 7 })
    const made = await post(app, { id: 2 })
    expect([made.status, await made.json()]).toEqual([201, { id: 2 }])
    expect(await (await app.request('/orders/export')).text()).toBe('{}\n')
    expect((await appFor('owner').request('/orders/1', { method: 'DELETE' })).status).toBe(204)
  })

  test('refuses a role that does not reach before it looks at what was sent', async () => {
    const refused = await post(appFor('viewer'), { nonsense: true })
    expect([refused.status, codeIn(await refused.json())]).toEqual([403, 'account.role_too_low'])
  })

  test('that is dangerous asks whoever has not proved themselves lately to do so first', async () => {
    const refused = await appFor('owner', false).request('/orders/1', { method: 'DELETE' })
    expect([refused.status, codeIn(await refused.json())]).toEqual([403, 'account.confirm_first'])
    expect((await appFor('operator', false).request('/orders/1', { method: 'DELETE' })).status).toBe(403)
  })

  test('names each field that is wrong, and refuses a body of one byte more than it takes', async () => {
    const app = appFor('operator')
    const wrong = await post(app, { id: 'x', note: 'too long for it' })
    expect(v.parse(Fields, await wrong.json()).fields.map(({ path }) => path)).toEqual(['id', 'note'])
    const long = { id: 1, note: 'x'.repeat(64 - '{"id":1,"note":""}'.length) }
    expect((await post(app, long)).status).toBe(422)
    expect((await post(app, { ...long, note: `${long.note}x` })).status).toBe(413)
  })
})

test('the document has every route with its role, what it takes and what it answers', () => {
  const document = openApiOf(orders().declared, { title: 'Orders', version: '1', base: '/v1' })
  expect(Object.keys(document.paths)).toEqual(['/', '/export', '/{id}'])
  const add = document.paths['/']?.['post']
  expect(add).toMatchObject({ tags: ['Orders'], summary: 'Adds one.', 'x-role': 'operator' })
  expect(add?.requestBody).toMatchObject({
    content: { 'application/json': { schema: { required: ['id'], properties: { note: { maxLength: 8 } } } } },
  })
  expect(Object.keys(add?.responses ?? {})).toEqual(['201', 'default'])
  expect(document.paths['/']?.['get']?.parameters).toEqual([
    { name: 'limit', in: 'query', required: false, schema: { type: 'string', pattern: '^\\d+$', default: '10' } },
  ])
  const remove = document.paths['/{id}']?.['delete']
  expect(remove).toMatchObject({ 'x-role': 'owner', 'x-confirm': true, responses: { 204: {} } })
  expect(remove?.parameters).toEqual([{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }])
})
