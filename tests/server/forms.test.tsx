import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import * as v from 'valibot'
import { AppError } from '../../src/base/mod.ts'
import { dangerPage, formPage, type PersonEnv, type Site } from '../../src/server/mod.ts'
import { BODY_BYTES_MAX, Field, Form, limitOtherBodies, onFailure, renderPage } from '../../src/web/mod.ts'

class ThingKept extends AppError {
  override readonly code = 'thing.kept' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Let go of it first.'
}

/** Of a site only what forms use: its base, and a page without its frame. */
const site: Site = {
  place: { shown: { kind: 'runtime', name: 'x' }, base: '/t/x', cookie: 'x' },
  page: async (c, { view, status }) => c.html(await renderPage(view), status),
  live: () => new Response(),
  follow: () => new Response(),
}
const Thing = v.object({ name: v.pipe(v.string(), v.maxLength(8, 'is too long')), secret: v.optional(v.string(), '') })

/** An application as a server's: bounded as a whole, then who asks. */
function server({
  role = 'owner',
  fresh = true,
  deed = async () => {},
}: Partial<{ role: string; fresh: boolean; deed: () => Promise<void> }> = {}) {
  const done: string[] = []
  const at = { title: 'x', current: '/' }
  const app = new Hono<PersonEnv>()
  app.onError(onFailure({ log: { debug() {}, info() {}, warn() {}, error() {} } as never }))
  app.use('*', limitOtherBodies())
  app.use('*', (c, next) => {
    c.set('user', { id: 'usr_1', name: 'ann', role, via: 'session' } as never)
    c.set('fresh', fresh)
    return next()
  })
  app.route(
    '/',
    formPage(site, '/things', {
      ...{ role: 'owner', fresh: true, bytesMax: 2 * BODY_BYTES_MAX, schema: Thing, secrets: /^secret$/ },
      again: ({ values, failed: { failure, errors } }) => ({
        ...at,
        view: (
          <Form action="/things" submit="Make" failure={failure}>
            <Field name="name" label="Name" value={values['name']} error={errors['name']} />
            <p>{JSON.stringify(values)}</p>
          </Form>
        ),
      }),
      async act({ actor, input }) {
        await deed()
        done.push(`${actor} ${input.name} ${input.secret}`)
        return '/things/list'
      },
    }),
  )
  app.route(
    '/',
    dangerPage(site, '/things/:name/remove', {
      role: 'owner',
      about: (c) => ({ name: c.req.param('name') ?? '' }),
      form: ({ name }) => ({ action: 'x', title: `Remove ${name}`, says: 'It is gone then.', name, submit: 'Remove' }),
      frame: ({ danger }) => ({ ...at, view: <main>{danger}</main> }),
      async act({ about }) {
        await deed()
        done.push(`removed ${about.name}`)
        return '/things'
      },
    }),
  )
  app.post('/plain', async (c) => c.text(String((await c.req.text()).length)))
  const post = async (path: string, form: Record<string, string> | string) => {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
    const answer = await app.request(path, {
      ...{ method: 'POST', body },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
  }
  return { app, post, done }
}

describe('formPage()', () => {
  test('does what was sent and leads on, below the server’s base', async () => {
    const { post, done } = server()
    expect(await post('/things', { name: 'one', secret: 'geheim' })).toMatchObject({
      status: 303,
      location: '/t/x/things/list',
    })
    expect(done).toEqual(['user:usr_1 one geheim'])
  })

  test('shows the form again with the status and the words of every refusal, what was typed, and nothing secret', async () => {
    const { post, done } = server({
      deed: async () => {
        throw new ThingKept('the thing is held')
      },
    })
    const wrong = await post('/things', { name: 'much too long', secret: 'geheim' })
    expect(wrong.status).toBe(422)
    for (const words of ['is too long', 'value="much too long"']) expect(wrong.text).toContain(words)
    const refused = await post('/things', { name: 'one', secret: 'geheim' })
    expect(refused.status).toBe(409)
    for (const words of ['The thing is held.', 'Let go of it first.', 'value="one"'])
      expect(refused.text).toContain(words)
    expect(wrong.text + refused.text).not.toContain('geheim')
    expect(done).toEqual([])
  })

  test('is for its role alone and for who proved themselves lately, to look at and to send', async () => {
    for (const [who, code] of [
      [{ role: 'operator' }, 'account.role_too_low'],
      [{ fresh: false }, 'account.confirm_first'],
    ] as const) {
      const { app, post, done } = server(who)
      for (const path of ['/things', '/things/one/remove']) {
        expect(await (await app.request(path)).text()).toContain(code)
        expect(await post(path, { name: 'one', typed: 'one' })).toMatchObject({
          status: 403,
          text: expect.stringContaining(code),
        })
      }
      expect(done).toEqual([])
    }
  })

  test('takes a body as long as it declares, and no byte more; what declares nothing has the usual bound', async () => {
    const { post } = server()
    const sized = (bytes: number) => `name=one&secret=${'x'.repeat(bytes - 'name=one&secret='.length)}`
    expect((await post('/things', sized(2 * BODY_BYTES_MAX))).status).toBe(303)
    expect((await post('/things', sized(2 * BODY_BYTES_MAX + 1))).status).toBe(413)
    expect((await post('/plain', sized(BODY_BYTES_MAX))).text).toBe(String(BODY_BYTES_MAX))
    for (const path of ['/plain', '/things/one/remove', '/nowhere']) {
      expect((await post(path, sized(BODY_BYTES_MAX + 1))).status).toBe(413)
    }
  })

  test('counts a body that does not say how long it is', async () => {
    const { app, done } = server()
    const pieces = Array.from({ length: 9 }, () => new TextEncoder().encode(`name=${'x'.repeat(BODY_BYTES_MAX / 4)}&`))
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.pop()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'transfer-encoding': 'chunked' }
    expect((await app.request('/things', { method: 'POST', headers, body })).status).toBe(413)
    expect(done).toEqual([])
  })
})

describe('dangerPage()', () => {
  test('acts once the name was typed, and not otherwise', async () => {
    const { post, done } = server()
    const wrong = await post('/things/one/remove', { typed: 'two' })
    expect(wrong.status).toBe(422)
    for (const words of ['Remove one', 'The name that was typed']) expect(wrong.text).toContain(words)
    expect((await post('/things/one/remove', {})).status).toBe(422)
    expect(done).toEqual([])
    expect(await post('/things/one/remove', { typed: 'one' })).toMatchObject({ status: 303, location: '/t/x/things' })
    expect(done).toEqual(['removed one'])
  })

  test('says why the act itself was refused', async () => {
    const { post } = server({
      deed: async () => {
        throw new ThingKept('the thing is held')
      },
    })
    const { status, text } = await post('/things/one/remove', { typed: 'one' })
    expect(status).toBe(409)
    for (const words of ['The thing is held.', 'Let go of it first.', 'Remove one']) expect(text).toContain(words)
  })
})
