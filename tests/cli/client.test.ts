import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { createClient } from '../../src/cli/client.ts'
import { type HttpsServer, serveHttps } from '../../src/host/mod.ts'
import { testAuthority } from '../support/certificates.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'

/** What the server answers next, and what it was asked last. */
let answer: () => Response = () => new Response('{}')
let asked: Request | undefined
let body = ''
let server: HttpsServer
let ca = ''
const folder = temporaryFolder()

beforeAll(async () => {
  const authority = await testAuthority('test')
  ca = authority.certificatePem
  server = await serveHttps({
    async fetch(request) {
      asked = request
      body = await request.text()
      return answer()
    },
    hostname: '127.0.0.1',
    port: 0,
    tls: await authority.issue({ ip: ['127.0.0.1'] }),
  })
  const access = { url: `https://127.0.0.1:${server.port}`, ca, token: 't0ken' }
  writeFileSync(folder.file('access.json'), JSON.stringify(access), { mode: 0o600 })
})
afterAll(async () => {
  await server.close()
  folder[Symbol.dispose]()
})

function client() {
  return createClient({ url: `https://127.0.0.1:${server.port}`, ca, token: 't0ken' })
}

function problem(status: number, members: object): () => Response {
  return () => Response.json(members, { status, headers: { 'content-type': 'application/problem+json' } })
}

test('request() sends the token and JSON, and gives the parsed answer, or nothing for an empty one', async () => {
  answer = () => Response.json({ a: 1 })
  expect(await client().request('PUT', '/v1/x?y=1', { b: 2 })).toEqual({ a: 1 })
  expect(asked?.method).toBe('PUT')
  expect(asked?.url).toEndWith('/v1/x?y=1')
  expect(asked?.headers.get('authorization')).toBe('Bearer t0ken')
  expect(body).toBe('{"b":2}')
  answer = () => new Response(null, { status: 204 })
  expect(await client().get('/v1/x')).toBeUndefined()
})

test('a problem document becomes an error with its code, detail and advice; the kind follows the status', async () => {
  const kinds: Record<number, string> = {
    ...{ 400: 'invalid', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 422: 'invalid' },
    ...{ 413: 'limit', 429: 'limit', 500: 'internal', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable' },
  }
  for (const [status, kind] of Object.entries(kinds)) {
    answer = problem(Number(status), { code: 'thing.odd', title: 'T', detail: 'it is odd', advice: 'Even it out.' })
    const refused = { code: 'thing.odd', message: 'it is odd', advice: 'Even it out.', kind }
    await expect(client().get('/')).rejects.toMatchObject(refused)
  }
})

test('a verb prints a problem as one line and leaves with the exit code of its kind', async () => {
  answer = problem(409, { code: 'peer.taken', detail: 'there is one already', advice: 'Remove it.' })
  const ran = await sluice(['peer', 'list', '--at', folder.path])
  expect(ran).toEqual({ exit: 5, out: '', err: 'peer.taken: there is one already. Remove it.\n' })
})

test('a refusal without a problem document, such as a proxy’s, still says its status', async () => {
  for (const text of ['<html>', '', 'null', '{"code":5}']) {
    answer = () => new Response(text, { status: 502 })
    const refused = { code: 'api.refused', message: 'the server answered with status 502', kind: 'unavailable' }
    await expect(client().get('/')).rejects.toMatchObject(refused)
  }
})

test('an answer that does not fit is api.answer_unknown with its place, not a trace', async () => {
  const lines: [() => Response, RegExp][] = [
    [() => Response.json({ peers: [{ runtime: 5 }] }), /`peers\.0\.runtime` \(expected string, received 5\)/],
    [() => Response.json([]), /the server’s answer does not fit/],
    [() => new Response('<html>'), /the server’s answer is not JSON/],
    [() => new Response(null, { status: 302, headers: { location: '/sign-in' } }), /elsewhere \(status 302\)/],
  ]
  for (const [made, words] of lines) {
    answer = made
    const ran = await sluice(['peer', 'list', '--at', folder.path])
    expect(ran).toMatchObject({ exit: 1, out: '' })
    expect(ran.err).toMatch(/^api\.answer_unknown: .+\n$/)
    expect(ran.err).toMatch(words)
  }
})

test('a server that proves itself by another authority is not spoken to', async () => {
  writeFileSync(folder.file('other.pem'), (await testAuthority('other')).certificatePem)
  asked = undefined
  const ran = await sluice(['status', '--at', `https://127.0.0.1:${server.port}`, '--ca', folder.file('other.pem')])
  expect(ran).toMatchObject({ exit: 3, out: '' })
  expect(ran.err).toMatch(/^host\.tls_untrusted: .+\n$/)
  expect(asked).toBeUndefined()
})

test('--json passes on what the server says beyond what the command shows', async () => {
  const peer = { runtime: 'rt_1', name: 'n', fingerprint: 'f', bridgeHost: 'h', bridgePort: 1, addedBy: 'someone' }
  answer = () => Response.json({ peers: [peer] })
  expect(JSON.parse((await sluice(['peer', 'list', '--at', folder.path, '--json'])).out)).toEqual([peer])
  expect((await sluice(['peer', 'list', '--at', folder.path])).out).toBe(
    'NAME  RUNTIME  BRIDGES AT  FINGERPRINT\nn     rt_1     h:1         f\n',
  )
})

test('credential set takes fields from the words, a file and a variable, and sends nothing when one lacks', async () => {
  answer = () => Response.json({ name: 'c', fields: ['a', 'b', 'd'], createdAt: 'now' })
  writeFileSync(folder.file('secret'), 'from a file\n')
  const words = ['credential', 'set', 'c', '--field', 'a=1=2', '--field-file', `b=${folder.file('secret')}`]
  const ran = await sluice([...words, '--field-env', 'd=SECRET', '--at', folder.path], { SECRET: 's' })
  expect(ran).toEqual({ exit: 0, out: 'Stored c (a, b, d). It can be used, not read.\n', err: '' })
  expect(JSON.parse(body)).toEqual({ fields: { a: '1=2', b: 'from a file', d: 's' } })
  asked = undefined
  const lacking = await sluice([...words, '--field-env', 'd=SECRET', '--at', folder.path])
  expect(lacking).toMatchObject({
    exit: 2,
    err: 'cli.usage: the variable SECRET is not set. See `sluice credential set --help`.\n',
  })
  expect(asked).toBeUndefined()
})

test('dead-letter list shows one page, also of records that are no UTF-8 or steer a terminal, and where to go on', async () => {
  const records = [Buffer.from([0x31, 0x2c, 0xff, 0xfe]), Buffer.from('2,\u001b[2J\n'), Buffer.from('ö'.repeat(5_000))]
  const letters = records.map((record, i) => ({
    ...{ position: i + 7, component: 'rows', partition: 'in/a.csv', reason: { code: 'csv.not_utf8', item: 'line 2' } },
    record: record.toString('base64url'),
  }))
  answer = () => Response.json({ letters, first: 7, next: 300 })
  const words = ['dead-letter', 'list', 'dep_1', '--at', folder.path]
  const { exit, out, err } = await sluice([...words, '--from', '7', '--limit', '3'])
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(asked?.url).toEndWith('/v1/deployments/dep_1/dead-letters?from=7&limit=3')
  expect(out.split('\n').slice(1)).toEqual([
    'rows       csv.not_utf8 line 2  in/a.csv          7  1,\ufffd\ufffd',
    'rows       csv.not_utf8 line 2  in/a.csv          8  2,·[2J',
    `rows       csv.not_utf8 line 2  in/a.csv          9  ${'ö'.repeat(80)}…`,
    ...['', 'There are more, up to position 299: --from 10', ''],
  ])
  expect(JSON.parse((await sluice([...words, '--json'])).out)).toEqual(letters)
  answer = () => Response.json({ letters, first: 7, next: 10 })
  expect((await sluice(words)).out).not.toContain('There are more')
  answer = () => Response.json({ letters: [], first: 1, next: 1 })
  expect((await sluice(words)).out).toBe('No record was refused.\n')
  expect((await sluice([...words, '--from', '5'])).out).toBe('No refused record stands there or later.\n')
})

test('dead-letter drop asks for a position and says how many it dropped', async () => {
  answer = () => Response.json({ dropped: 12 })
  const words = ['dead-letter', 'drop', 'dep_1', '--at', folder.path]
  const ran = await sluice([...words, '--through', '12'])
  expect(ran).toEqual({ exit: 0, out: 'Dropped 12 refused records, up to position 12.\n', err: '' })
  expect([asked?.method, asked?.url.split('/v1')[1]]).toEqual(['DELETE', '/deployments/dep_1/dead-letters?through=12'])
  answer = () => Response.json({ dropped: 0 })
  expect((await sluice([...words, '--through', '12'])).out).toBe('Nothing was kept up to position 12.\n')
  asked = undefined
  expect((await sluice(words)).err).toMatch(/^cli\.usage: required option .*--through/)
  const odd = await sluice([...words, '--through', 'all'])
  expect(odd.exit).toBe(2)
  expect(odd.err).toMatch(/^cli\.usage: --through takes a whole number, not `all`\. See .+\n$/)
  expect(asked).toBeUndefined()
})

test('a verb asked of the wrong kind of server says which kind it is for, with exit code 4', async () => {
  answer = problem(404, { code: 'page.not_found', detail: 'nothing has this address', advice: 'Check the address.' })
  const kinds: Record<string, string[]> = {
    Runtime: ['peer list', 'peer remove rt_1', 'credential list', 'runtime enrol slx_1', 'dead-letter list dep_1'],
    Platform: ['enrolment-code list', 'enrolment-code revoke enc_1'],
  }
  for (const [kind, all] of Object.entries(kinds)) {
    for (const words of [...all, ...(kind === 'Runtime' ? ['deployment refuse dep_1 --version 1'] : [])]) {
      const err = `page.not_found: this server has no such thing. See whether --at names the right server: this verb is for a ${kind}.\n`
      expect(await sluice([...words.split(' '), '--at', folder.path])).toEqual({ exit: 4, out: '', err })
    }
  }
  const elsewhere = await sluice(['status', '--at', folder.path])
  expect(elsewhere.err).toContain('See whether --at names the right server, and compare its version')
})

test('deployment approve asked of a Platform says that the owners of its Runtimes decide', async () => {
  answer = () => Response.json({ deployment: 'dep_1', blueprint: 'b', version: 1, state: 'running', runtimes: [] })
  const ran = await sluice(['deployment', 'approve', 'dep_1', '--at', folder.path])
  expect(ran).toMatchObject({ exit: 2, out: '' })
  expect(ran.err).toContain('a Platform cannot decide on dep_1')
  expect(asked?.method).toBe('GET')
})

test('logs without a line says so', async () => {
  answer = () => Response.json({ entries: [] })
  expect((await sluice(['logs', '--at', folder.path])).out).toBe('No log lines yet.\n')
})
