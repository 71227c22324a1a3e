import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { concatBytes, fromUtf8, utf8 } from '../../../src/base/mod.ts'
import { boundaryOf, FORM_FILES_MAX, readFiles } from '../../../src/runtime/datasets/multipart.ts'
import { refusalOf } from '../../support/refusal.ts'
import { imported, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

const BOUNDARY = '----x'

async function* piecesOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function read(form: string | Uint8Array, size = 65_536, boundary = BOUNDARY): Promise<[string, string][]> {
  const bytes = typeof form === 'string' ? utf8(form) : form
  const files: [string, string][] = []
  for await (const { disposition, content } of readFiles(piecesOf(bytes, size), boundary)) {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(part.slice())
    files.push([disposition, fromUtf8(concatBytes(...parts))])
  }
  return files
}

const part = (text: string, disposition = 'form-data; name="f"; filename="a.csv"') =>
  `--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\nContent-Type: text/csv\r\n\r\n${text}\r\n`
const END = `--${BOUNDARY}--\r\n`

describe('readFiles', () => {
  test('gives what any client puts together, however the bytes are cut into pieces', async () => {
    const content = fc.array(fc.constantFrom('\r\n', '--', BOUNDARY, '\r', 'n,text', 'ü', '-'), { maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 4 }), fc.integer({ min: 1, max: 90 }), async (texts, size) => {
        const form = new FormData()
        for (const [n, text] of texts.entries()) form.append('f', new Blob([text.join('')]), `${n}.csv`)
        // Each client chooses a boundary that no content has.
        const request = new Request('https://runtime.example/', { method: 'POST', body: form })
        const boundary = boundaryOf(request.headers.get('content-type') ?? undefined) ?? ''
        const bytes = new Uint8Array(await request.arrayBuffer())
        expect((await read(bytes, size, boundary)).map(([, text]) => text)).toEqual(texts.map((text) => text.join('')))
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['', 'ends before it begins'],
    [`hello\r\n${part('1')}${END}`, 'does not begin with its boundary'],
    [part('1'), 'lacks its last boundary'],
    [`${part('1')}${part('2').slice(0, 30)}`, 'ends within a head'],
    [`${part('1', 'form-data; name="branch"')}${END}`, 'has a field'],
    [`${part('1', 'form-data; name="f"; filename=""')}${END}`, 'has a file without a name'],
    [`--${BOUNDARY}\r\n\r\n1\r\n${END}`, 'has a part without headers'],
    [`${part('1', `form-data; filename="${'x'.repeat(9_000)}"`)}${END}`, 'has a head that is too long'],
  ])('refuses a form that %#: %p', async (form) => {
    for (const size of [1, 7, 65_536]) expect(await refusalOf(() => read(form, size))).toBe('upload.form_unfit')
  })

  test('takes as many files as a form may have, and not one more', async () => {
    const files = part('1').repeat(FORM_FILES_MAX)
    expect(await read(`${files}${END}`)).toHaveLength(FORM_FILES_MAX)
    expect(await refusalOf(() => read(`${files}${part('1')}${END}`))).toBe('upload.form_unfit')
  })

  test('knows forms from documents, and one that does not say its boundary', async () => {
    expect(boundaryOf('text/csv')).toBeUndefined()
    expect(boundaryOf('Multipart/Form-Data; charset=x; boundary="a b"')).toBe('a b')
    expect(await refusalOf(async () => boundaryOf('multipart/form-data'))).toBe('upload.form_unfit')
  })
})

describe('an upload of a form', () => {
  let host: ManagementHost
  let acme: Party
  beforeAll(async () => {
    host = await managementHost()
    acme = await party(host, 'acme')
  })
  afterAll(() => host[Symbol.asyncDispose]())

  test('takes each file as a document of its own, with the attributes of the query; sent again with its key, none twice', async () => {
    const form = () => {
      const files = new FormData()
      files.append('file', new Blob(['n\n1\n2\n'], { type: 'text/csv' }), 'a.csv')
      files.append('file', new Blob([`n\n${'3\n'.repeat(100_000)}`], { type: 'text/csv' }), 'b.csv')
      return files
    }
    const path = `/v1/datasets/${acme.dataset}/uploads?attribute.branch=main`
    const sent = { token: acme.upload, headers: { 'idempotency-key': 'build-1' } }
    const { status, body, headers } = await send(host, path, { ...sent, body: form() })
    expect([status, headers.get('location'), body.dataset]).toEqual([202, null, acme.dataset])
    const reports = []
    for (const { import: id, name } of body.imports) reports.push([name, await imported(host, acme, id)])
    const attributes = { branch: 'main' }
    expect(reports).toMatchObject([
      ['a.csv', { state: 'done', fileName: 'a.csv', contentType: 'text/csv', rowsTaken: 2, attributes }],
      ['b.csv', { state: 'done', fileName: 'b.csv', contentType: 'text/csv', rowsTaken: 100_000, attributes }],
    ])
    const again = await send(host, path, { ...sent, body: form() })
    const ids = ({ imports }: { imports: { import: string }[] }) => imports.map((one) => one.import)
    expect(ids(again.body)).toEqual(ids(body))
    expect(again.body.imports.map((one: { again: boolean }) => one.again)).toEqual([true, true])
  })

  test('that is cut off is not acknowledged, and its unfinished file not kept', async () => {
    const before = (await host.ask('GET', `${acme.below}/imports`, { token: acme.owner })).body.imports.length
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
    const { status, body } = await send(host, `/v1/datasets/${acme.dataset}/uploads`, {
      ...{ token: acme.upload, headers, body: part('n\n1\n2\n').slice(0, -4) },
    })
    expect([status, body.code]).toEqual([400, 'upload.form_unfit'])
    expect((await host.ask('GET', `${acme.below}/imports`, { token: acme.owner })).body.imports).toHaveLength(before)
  })
})
