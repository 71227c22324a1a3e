import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import * as v from 'valibot'
import { logOf, Unreachable } from '../../src/base/mod.ts'
import { RequestInvalid } from '../../src/web/errors.ts'
import {
  checkField,
  DangerForm,
  Field,
  formFailure,
  limitBody,
  listField,
  onFailure,
  PageNotFound,
  readForm,
  readUpload,
  requireTyped,
  TextArea,
  type View,
} from '../../src/web/mod.ts'

const Roles = v.object({ roles: listField(v.picklist(['owner', 'viewer'])), sure: checkField() })
const Upload = v.object({ name: v.string(), file: v.optional(v.file()) })

const app = new Hono()
  .onError(onFailure({ log: logOf('test') }))
  .post('/form', async (c) => c.json(await readForm(c, Roles)))
  .post('/upload', limitBody(1_000), async (c) => {
    const { name, file } = await readUpload(c, Upload)
    return c.json({ name, file: file && { name: file.name, text: await file.text() } })
  })

async function send(path: string, body: string | FormData | URLSearchParams, type?: string) {
  const response = await app.request(path, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function text(view: View): Promise<string> {
  return String(await view)
}

describe('readForm', () => {
  test('reads none, one or many of a group, and whether a box was ticked', async () => {
    expect((await send('/form', new URLSearchParams())).body).toEqual({ roles: [], sure: false })
    const one = new URLSearchParams('roles=viewer&sure=yes')
    expect((await send('/form', one)).body).toEqual({ roles: ['viewer'], sure: true })
    const two = new URLSearchParams('roles=viewer&roles=owner')
    expect((await send('/form', two)).body).toEqual({ roles: ['viewer', 'owner'], sure: false })
  })

  test('refuses what is not offered, and a box ticked with another word', async () => {
    expect((await send('/form', new URLSearchParams('roles=root'))).status).toBe(422)
    expect((await send('/form', new URLSearchParams('sure=maybe'))).status).toBe(422)
  })
})

describe('readUpload', () => {
  test('reads fields and a file; where none was chosen there is none', async () => {
    const form = new FormData()
    form.set('name', 'own')
    form.set('file', new File(['PEM'], 'leaf.pem'))
    expect((await send('/upload', form)).body).toEqual({ name: 'own', file: { name: 'leaf.pem', text: 'PEM' } })
    form.set('file', new File([], ''))
    expect((await send('/upload', form)).body).toEqual({ name: 'own' })
  })

  test('refuses another type, what is no form, and more than its route takes', async () => {
    expect((await send('/upload', new URLSearchParams('name=x'))).status).toBe(415)
    expect((await send('/upload', 'nonsense', 'multipart/form-data; boundary=x')).status).toBe(400)
    const form = new FormData()
    form.set('file', new File(['x'.repeat(1_001)], 'big.pem'))
    expect((await send('/upload', form)).status).toBe(413)
  })
})

describe('formFailure', () => {
  test('gives each wrong field its words, and the top what is no field’s', () => {
    expect(formFailure(new RequestInvalid([{ path: 'port', message: 'must be a number' }]))).toEqual({
      status: 422,
      errors: { port: 'must be a number' },
    })
    expect(formFailure(new PageNotFound('nothing has this address'))).toMatchObject({
      status: 404,
      failure: { message: 'nothing has this address' },
      errors: {},
    })
  })

  test('throws on a fault of ours', () => {
    expect(() => formFailure(new Unreachable('x'))).toThrow(Unreachable)
    expect(() => formFailure(new TypeError('x'))).toThrow(TypeError)
  })
})

describe('a dangerous act', () => {
  test('says what will happen and what to type', async () => {
    const html = await text(
      <DangerForm action="/x" title="Delete" says="2 deployments use it." name="warehouse" submit="Delete for good" />,
    )
    expect(html).toContain('2 deployments use it.')
    expect(html).toContain('<code>warehouse</code>')
    expect(html).toMatch(/<input id="typed" name="typed" [^>]*required/)
  })

  test('is not done unless the name was typed as it is; the error stands beside the field', () => {
    requireTyped(' warehouse ', 'warehouse')
    for (const typed of ['', 'Warehouse', 'warehouse2']) {
      expect(() => requireTyped(typed, 'warehouse')).toThrow('the name that was typed')
    }
    try {
      requireTyped('x', 'warehouse')
    } catch (error) {
      expect(formFailure(error).errors['typed']).toContain('The name that was typed')
    }
  })
})

describe('fields', () => {
  test('a secret never comes back, of one line or of many', async () => {
    const html = await text(
      <>
        <Field name="a" label="A" type="password" value="geheim" />
        <TextArea name="b" label="B" secret value="geheim" />
      </>,
    )
    expect(html).not.toContain('geheim')
  })

  test('lines come back as they were typed, the first empty one too', async () => {
    const html = await text(<TextArea name="b" label="B" value={'\r\none\r\ntwo'} />)
    expect(html).toContain('>\n\none\ntwo</textarea>')
  })
})
