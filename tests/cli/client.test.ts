import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { createClient } from '../../src/cli/client.ts'
import { type HttpsServer, serveHttps } from '../../src/host/mod.ts'
import { testAuthority } from '../support/certificates.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'

/** What the server answers next, and what it was asked last. */
let answer: (request: Request) => Response = () => new Response('{}')
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
      return answer(request)
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
    [() => Response.json({ peers: [{ runtime: 5 }] }), /`peers\.0\.runtime` must be a text, got a number/],
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

test('credential set takes fields from files and variables, and where others are fetched, and sends nothing when one lacks', async () => {
  answer = () => Response.json({ name: 'c', fields: ['b', 'd', 'e', 'f', 'g'], createdAt: 'now', restarted: ['dep_1'] })
  writeFileSync(folder.file('secret'), 'from a file\n')
  const words = ['credential', 'set', 'c', '--kind', 'fields', '--field-file', `b=${folder.file('secret')}`]
  const from = ['e=environment:DB', 'f=command:vault kv get a', 'g={"file":"/run/a","member":"m"}']
  const all = [...words, ...from.flatMap((one) => ['--from', one]), '--field-env', 'd=SECRET', '--at', folder.path]
  const ran = await sluice(all, { SECRET: 's' })
  expect(ran).toEqual({
    exit: 0,
    out: 'Stored c (b, d, e, f, g). It can be used, not read.\nStarted anew with it: dep_1.\n',
    err: '',
  })
  expect(JSON.parse(body)).toEqual({
    kind: 'fields',
    fields: {
      ...{ b: 'from a file', d: 's', e: { environment: 'DB' }, f: { command: ['vault', 'kv', 'get', 'a'] } },
      g: { file: '/run/a', member: 'm' },
    },
  })
  asked = undefined
  const lacking = await sluice([...words, '--field-env', 'd=SECRET', '--at', folder.path])
  expect(lacking).toMatchObject({
    exit: 2,
    err: 'cli.usage: the variable SECRET is not set. See `sluice credential set --help`.\n',
  })
  expect(asked).toBeUndefined()
})

test('credential set asks for the fields of its kind at a terminal, and a value is never a word of the command', async () => {
  answer = () => Response.json({ name: 'c', fields: ['password'], createdAt: 'now' })
  const questions: string[] = []
  const ask = async (question: string): Promise<string> => {
    questions.push(question)
    return question === 'password' ? 'typed' : ''
  }
  const ran = await sluice(['credential', 'set', 'c', '--kind', 'password', '--at', folder.path], {}, { ask })
  expect(ran).toMatchObject({ exit: 0, err: '' })
  expect(questions).toEqual(['username (may stay empty)', 'password'])
  expect(JSON.parse(body)).toEqual({ kind: 'password', fields: { password: 'typed' } })
  expect((await sluice(['credential', 'set', 'c', '--field', 'a=b', '--at', folder.path])).exit).toBe(2)
  const key = await sluice(['credential', 'set', 'c', '--kind', 'ssh_key', '--at', folder.path], {}, { ask })
  expect(key.err).toStartWith('cli.usage: the field privateKey has several lines')
})

test('credential remove names who uses it and asks for its name at a terminal; elsewhere a flag says that it is meant', async () => {
  const use = { deployment: 'dep_1', blueprint: 'orders', component: 'db', type: 'libsql_table', waits: false }
  let uses: unknown[] = []
  const one = { name: 'c', kind: 'token', fields: ['token'], createdAt: 'now' }
  const removals: string[] = []
  answer = (request) => {
    if (request.method === 'GET') return Response.json({ ...one, uses })
    removals.push(new URL(request.url).search)
    return Response.json({ removed: 'c' })
  }
  const words = ['credential', 'remove', 'c', '--at', folder.path]
  expect(await sluice(words)).toMatchObject({ exit: 2, err: expect.stringContaining('meant with --yes') })
  expect((await sluice([...words, '--yes'])).out).toBe('Removed c.\n')
  expect((await sluice(words, {}, { ask: async () => 'c' })).out).toBe('Removed c.\n')
  expect(removals).toEqual(['', ''])
  uses = [use]
  expect(await sluice(words)).toMatchObject({ exit: 2, err: expect.stringContaining('meant with --force') })
  const mistyped = await sluice(words, {}, { ask: async () => 'd' })
  expect(mistyped).toMatchObject({ exit: 2, err: expect.stringContaining('and dep_1 cannot start again') })
  expect(removals).toEqual(['', ''])
  expect(await sluice(words, {}, { ask: async () => 'c' })).toMatchObject({ exit: 0, out: 'Removed c.\n' })
  expect((await sluice([...words, '--force'])).out).toBe('Removed c.\n')
  expect(removals.slice(2)).toEqual(['?force=true', '?force=true'])
})

test('credential check shows each outcome, and fails when one has', async () => {
  const one = { deployment: 'dep_1', component: 'warehouse', type: 'libsql_table' }
  answer = () =>
    Response.json({ checked: [one, { ...one, component: 'b', failure: { code: 'libsql_table.wrong_key' } }] })
  const ran = await sluice(['credential', 'check', 'c', '--component', 'b', '--at', folder.path])
  expect(ran.out).toContain('dep_1       warehouse  libsql_table  works\n')
  expect(ran.out).toContain('libsql_table.wrong_key')
  expect(ran).toMatchObject({ exit: 2, err: 'credential.check_failed: 1 of 2 cannot work with c\n' })
  expect(JSON.parse(body)).toEqual({ component: 'b' })
  answer = () => Response.json({ checked: [one] })
  expect((await sluice(['credential', 'check', 'c', '--at', folder.path])).exit).toBe(0)
})

test('credential generate and show print the public part', async () => {
  const publicFacts = { publicKey: 'ssh-ed25519 AAAA', fingerprint: 'SHA256:x' }
  const told = { name: 'c', kind: 'ssh_key', fields: ['privateKey'], createdAt: 'now', publicFacts }
  answer = () => Response.json({ ...told, sources: { privateKey: { from: 'stored' } }, uses: [], restarted: [] })
  const made = await sluice(['credential', 'generate', 'c', '--username', 'me', '--at', folder.path])
  expect(made.out).toContain('\nssh-ed25519 AAAA\n')
  expect(JSON.parse(body)).toEqual({ kind: 'ssh_key', algorithm: 'ed25519', username: 'me' })
  await sluice(['credential', 'generate', 'c', '--replace', '--at', folder.path])
  expect(JSON.parse(body)).toEqual({ kind: 'ssh_key', algorithm: 'ed25519', replace: true })
  expect((await sluice(['credential', 'show', 'c', '--at', folder.path])).out).toBe(
    'c: ssh_key\n  privateKey: stored\nSHA256:x\nssh-ed25519 AAAA\nNothing uses it.\n',
  )
})

test('library install sends the file as it is, with the name that a module lacks', async () => {
  const told = { name: '@a/prices', version: '1.2.0', sha256: 'f'.repeat(64), bytes: 3, dependencies: ['left-pad'] }
  let type: string | null = null
  let path = ''
  answer = (request) => {
    type = request.headers.get('content-type')
    path = new URL(request.url).search
    return Response.json(told)
  }
  writeFileSync(folder.file('prices.ts'), 'abc')
  const ran = await sluice([
    'library',
    'install',
    folder.file('prices.ts'),
    '--as',
    '@a/prices@1.2.0',
    '--at',
    folder.path,
  ])
  expect(ran.out).toBe(
    `Installed @a/prices@1.2.0.\nSHA-256 ${'f'.repeat(64)}\nIt imports left-pad: install these as well.\n`,
  )
  expect([type as string | null, body, path]).toEqual([
    ...['application/octet-stream', 'abc', '?file=prices.ts&name=%40a%2Fprices&version=1.2.0'],
  ])
  answer = () => new Response(null, { status: 204 })
  expect((await sluice(['library', 'remove', '@a/prices@1.2.0', '--at', folder.path])).out).toBe(
    'Removed @a/prices@1.2.0.\n',
  )
  expect((await sluice(['library', 'remove', '@a/prices', '--at', folder.path])).exit).toBe(2)
})

test('dead-letter list shows one page, also of records that are no UTF-8 or steer a terminal, and where to go on', async () => {
  const records = [Buffer.from([0x31, 0x2c, 0xff, 0xfe]), Buffer.from('2,\u001b[2J\n'), Buffer.from('ö'.repeat(5_000))]
  const letters = records.map((record, i) => ({
    ...{ number: i + 7, component: 'rows', partition: 'in/a.csv', reason: { code: 'csv.not_utf8', item: 'line 2' } },
    position: i + 40,
    record: record.toString('base64url'),
  }))
  answer = () => Response.json({ letters, first: 7, next: 300 })
  const words = ['dead-letter', 'list', 'dep_1', '--at', folder.path]
  const { exit, out, err } = await sluice([...words, '--from', '7', '--limit', '3', '--records'])
  expect({ exit, err }).toEqual({ exit: 0, err: '' })
  expect(asked?.url).toEndWith('/v1/deployments/dep_1/dead-letters?from=7&limit=3&records=true')
  expect(out.split('\n').slice(1)).toEqual([
    '     7  rows       csv.not_utf8 line 2  in/a.csv         40  1,\ufffd\ufffd',
    '     8  rows       csv.not_utf8 line 2  in/a.csv         41  2,·[2J',
    `     9  rows       csv.not_utf8 line 2  in/a.csv         42  ${'ö'.repeat(80)}…`,
    ...['', 'There are more, up to number 299: --from 10', ''],
  ])
  expect(JSON.parse((await sluice([...words, '--json'])).out)).toEqual(letters)
  expect(await sluice(words)).not.toMatchObject({ out: expect.stringContaining('ööö') })
  answer = () => Response.json({ letters, first: 7, next: 10 })
  expect((await sluice(words)).out).not.toContain('There are more')
  answer = () => Response.json({ letters: [], first: 1, next: 1 })
  expect((await sluice(words)).out).toBe('No record was refused.\n')
  expect((await sluice([...words, '--from', '5'])).out).toBe('No refused record stands there or later.\n')
})

test('dead-letter drop takes numbers, or all up to one, and says how many it dropped', async () => {
  answer = () => Response.json({ dropped: 12 })
  const words = ['dead-letter', 'drop', 'dep_1', '--at', folder.path]
  const ran = await sluice([...words, '--through', '12'])
  expect(ran).toEqual({ exit: 0, out: 'Dropped 12 refused records, up to number 12.\n', err: '' })
  expect([asked?.method, asked?.url.split('/v1')[1]]).toEqual(['POST', '/deployments/dep_1/dead-letters/drop'])
  expect(JSON.parse(body)).toEqual({ through: 12 })
  answer = () => Response.json({ dropped: 0 })
  expect((await sluice([...words, '--through', '12'])).out).toBe('Nothing was kept up to number 12.\n')
  expect((await sluice([...words, '3', '5'])).out).toBe('None of them was kept.\n')
  expect(JSON.parse(body)).toEqual({ numbers: [3, 5] })
  asked = undefined
  for (const more of [[], ['3', '--through', '9']])
    expect((await sluice([...words, ...more])).err).toMatch(/^cli\.usage: give either numbers/)
  const odd = await sluice([...words, '--through', 'all'])
  expect(odd.exit).toBe(2)
  expect(odd.err).toMatch(/^cli\.usage: --through takes a whole number, not `all`\. See .+\n$/)
  expect(asked).toBeUndefined()
})

test('dead-letter replay sends what was chosen, and nothing when it was not said what; show and counts ask for theirs', async () => {
  answer = () => Response.json({ replaying: 2 })
  const at = ['--at', folder.path]
  const ran = await sluice(['dead-letter', 'replay', 'dep_1', '3', '5', '--code', 'csv.not_int', ...at])
  expect(ran).toEqual({
    exit: 0,
    out: '2 records go through again. What is refused again stays in the list.\n',
    err: '',
  })
  expect([asked?.url.split('/v1')[1], JSON.parse(body)]).toEqual([
    '/deployments/dep_1/dead-letters/replay',
    { numbers: [3, 5], code: 'csv.not_int' },
  ])
  await sluice(['dead-letter', 'replay', 'dep_1', '--through', '9', ...at])
  expect(JSON.parse(body)).toEqual({ through: 9 })
  asked = undefined
  for (const words of [[], ['3', '--through', '9']])
    expect((await sluice(['dead-letter', 'replay', 'dep_1', ...words, ...at])).err).toMatch(/^cli\.usage: give either/)
  expect(asked).toBeUndefined()
  const reason = { code: 'csv.not_int', item: 'line 2' }
  const letter = { number: 7, component: 'rows', partition: 'in/a.csv', position: 1, reason }
  answer = () => Response.json({ ...letter, record: Buffer.from('a,\u001b[2J').toString('base64url') })
  expect((await sluice(['dead-letter', 'show', 'dep_1', '7', ...at])).out).toBe(
    'rows refused it (csv.not_int line 2), from in/a.csv at 1:\na,·[2J\n',
  )
  expect(`${(asked as { url: string } | undefined)?.url}`).toEndWith('/dead-letters/7')
  answer = () => Response.json({ counts: [{ component: 'rows', code: 'csv.not_int', count: 12 }] })
  const counted = await sluice(['dead-letter', 'list', 'dep_1', '--counts', ...at])
  expect(counted.out).toBe('COMPONENT  REASON       RECORDS\nrows       csv.not_int       12\n')
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

slowTest('logs asks for what it is told to, says where older lines are, and follows until it is stopped', async () => {
  const entry = { at: '2026-01-01T00:00:00Z', level: 'error', component: 'rows', template: 'flow.failed', fields: {} }
  answer = () => Response.json({ entries: [entry], next: 41, older: 17 })
  const words = ['logs', '--deployment', 'dep_1', '--level', 'warning', '--text', 'a b', '--at', folder.path]
  expect((await sluice(words)).out).toBe(
    '2026-01-01T00:00:00Z  error    rows  flow.failed\n\nThere may be older ones: --before 17\n',
  )
  expect(asked?.url.split('/v1/logs?')[1]).toBe('deployment=dep_1&text=a+b&limit=100&level=warning%2Cerror')
  expect((await sluice(['logs', '--level', 'loud', '--at', folder.path])).err).toMatch(/^cli\.usage: --level takes/)
  const urls: string[] = []
  const askedUrl = (): string => asked?.url ?? ''
  answer = () => {
    urls.push(askedUrl())
    if (urls.length === 3) stop.abort()
    return Response.json({ entries: urls.length < 3 ? [entry] : [], next: 40 + urls.length })
  }
  const stop = new AbortController()
  const followed = await sluice(['logs', '-f', '--at', folder.path], {}, {}, stop.signal)
  expect(urls.map((url) => new URL(url, 'https://a').searchParams.get('after'))).toEqual([null, '41', '42'])
  expect(followed.out.trimEnd().split('\n')).toHaveLength(2)
})
