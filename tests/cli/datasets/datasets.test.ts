import { afterAll, beforeAll, expect } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type DatasetsWorld, datasetsWorld, junit } from '../../support/cli/datasets.ts'
import { sluice } from '../../support/cli/terminal.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

test('a data tenant is made, listed with one’s role, and removed once its name is typed', async () => {
  const { at, json } = world
  expect((await at('data-tenant', 'create', 'globex')).out).toMatch(
    /^Made globex \(dt_[0-9a-f-]+\)\. You are its owner\./,
  )
  expect((await at('data-tenant', 'list')).out).toMatch(/globex +owner +dt_/)
  expect((await at('data-tenant', 'create', 'globex')).err).toStartWith('data_tenant.exists: ')
  const [{ id }] = (await json('data-tenant', 'list')).filter(({ name }: { name: string }) => name === 'globex')
  const refused = await at('data-tenant', 'remove', 'globex')
  expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining('Say that it is meant with --force')])
  const where = ['--at', `${world.folder}/data`]
  const mistyped = await sluice(['data-tenant', 'remove', id, ...where], {}, { ask: async () => 'globex' })
  expect(mistyped.err).toContain('Nothing was done.')
  const removed = await sluice(['data-tenant', 'remove', 'globex', ...where], {}, { ask: async () => 'globex' })
  expect([removed.exit, removed.out]).toEqual([0, 'Removed globex. The audit trail certifies it.\n'])
  expect((await at('data-tenant', 'list')).out).not.toContain('globex')
  expect((await at('data-tenant', 'remove', 'acmee')).err).toContain('did you mean `acme`?')
})

test('members are added with a role, listed and taken away; the last owner stays', async () => {
  const { at } = world
  await at('user', 'invite', 'ivo')
  expect((await at('data-tenant', 'member', 'add', 'acme', 'ivo', '--role', 'operator')).out).toBe(
    'ivo is operator in acme now and sees public fields only (clearance public).\n',
  )
  await at('data-tenant', 'member', 'add', 'acme', 'ivo', '--role', 'operator', '--clearance', 'restricted')
  // What is not named stays as it was, and is told all the same.
  expect((await at('data-tenant', 'member', 'add', 'acme', 'ivo')).out).toBe(
    'ivo is viewer in acme now and sees all fields (clearance restricted).\n',
  )
  await at('data-tenant', 'member', 'add', 'acme', 'ivo', '--role', 'operator')
  expect((await at('data-tenant', 'member', 'list', 'acme')).out).toMatch(/ivo +operator/)
  expect((await at('data-tenant', 'member', 'remove', 'acme', 'ivo')).exit).toBe(0)
  const last = await at('data-tenant', 'member', 'remove', 'acme', 'owner')
  expect([last.exit, last.err]).toEqual([5, expect.stringContaining('data_tenant.last_owner: ')])
})

test('a dataset is made, found by name or id with and without its data tenant, and removed', async () => {
  const { at, json } = world
  const { id } = await json('dataset', 'create', 'prices', '--data-tenant', 'acme', '--shape', 'table')
  expect((await at('dataset', 'list')).out).toMatch(/prices +acme +table +0 +0 +never +ds_/)
  for (const words of [[id], ['prices'], ['prices', '--data-tenant', 'acme'], [id, '--data-tenant', 'acme']])
    expect((await json('dataset', 'show', ...words)).id).toBe(id)
  await json('data-tenant', 'create', 'initech')
  await json('dataset', 'create', 'prices', '--data-tenant', 'initech', '--shape', 'table')
  expect((await at('dataset', 'show', 'prices')).err).toStartWith('cli.name_ambiguous: ')
  expect((await at('dataset', 'show', 'pricse', '--data-tenant', 'acme')).err).toContain('did you mean `prices`?')
  expect((await at('dataset', 'create', 'x', '--data-tenant', 'acme', '--shape', 'round')).exit).toBe(2)
  expect((await at('dataset', 'remove', 'prices', '--data-tenant', 'acme')).exit).toBe(2)
  expect((await at('dataset', 'remove', 'prices', '--data-tenant', 'acme', '--force')).out).toBe('Removed prices.\n')
  const gone = await at('dataset', 'show', id)
  expect([gone.exit, gone.err]).toEqual([4, expect.stringContaining('cli.name_unknown: ')])
})

test('a field is classified, and who is not cleared is told on standard error which fields are masked', async () => {
  const { at, json, folder } = world
  const { link } = await json('user', 'invite', 'ada')
  const token = await tokenBehind(link, readFileSync(`${folder}/sluice-ca.pem`, 'utf8'))
  expect((await at('data-tenant', 'member', 'add', 'acme', 'ada')).exit).toBe(0)
  expect((await at('data-tenant', 'member', 'list', 'acme')).out).toMatch(/ada +viewer +public/)
  await json('dataset', 'create', 'labelled', '--data-tenant', 'acme', '--shape', 'test-results')
  const made = await json('token', 'create', '--dataset', 'labelled', '--name', 'ci')
  const file = world.file('labelled.xml', junit('hidden-case'))
  const { id } = await json('dataset', 'show', 'labelled')
  const sent = ['upload', file, '--dataset', id, '--token-env', 'CI_TOKEN', '--at', `${folder}/data`]
  expect((await sluice(sent, { CI_TOKEN: made.token })).exit).toBe(0)
  const asked = (...words: string[]) =>
    sluice(['dataset', 'query', 'labelled', ...words, '--at', `${folder}/data`], { SLUICE_TOKEN: token })
  const csv = await asked('--format', 'csv', '--fields', 'name,_line')
  expect(csv).toEqual({
    ...{ exit: 0, out: expect.stringMatching(/^name,_line\r\n,\d+\r\n$/) },
    err: 'Masked, since you are not cleared for restricted fields: name\n',
  })
  const refused = await asked('--where', 'name = hidden-case')
  expect(refused.err).toStartWith('query.field_restricted: ')
  expect((await at('dataset', 'classify', 'labelled', 'name', 'public')).out).toBe('name is public now.\n')
  expect((await at('dataset', 'show', 'labelled')).out).toMatch(/name +text +public/)
  expect((await asked('--fields', 'name')).out).toContain('hidden-case')
  expect((await at('dataset', 'classify', 'labelled', 'nmae', 'public')).err).toStartWith('dataset.field_not_found: ')
  await json('data-tenant', 'member', 'add', 'acme', 'ada', '--clearance', 'restricted')
  expect((await asked('--format', 'csv')).err).toBe('')
})

/** An API token of whoever was invited by that link. */
async function tokenBehind(link: string, ca: string): Promise<string> {
  const { origin } = new URL(link)
  const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' }
  const password = 'a long and lonely winter coat'
  const body = new URLSearchParams({ token: link.split('/').at(-1) ?? '', password })
  const entered = await fetch(`${origin}/link`, { method: 'POST', headers, body, redirect: 'manual', tls: { ca } })
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const asked = { method: 'POST', headers: { origin, cookie, 'content-type': 'application/json' } }
  const made = await fetch(`${origin}/v1/account/tokens`, { ...asked, body: '{"name":"test","days":1}', tls: { ca } })
  return ((await made.json()) as { token: string }).token
}

test('a token is shown once with lines that upload and the authority, then listed, revoked, and refused', async () => {
  const { at, file } = world
  const made = await at(
    'token',
    'create',
    '--dataset',
    'nightly',
    '--name',
    'once',
    '--days',
    '7',
    '--script',
    'gitlab',
  )
  const [token = ''] = made.out.split('\n')
  expect(token).toMatch(/^slu_/)
  expect(made.out.split(token)).toHaveLength(2)
  expect(made.out).toContain(`--dataset ${world.dataset}`)
  expect(made.out).toContain('-----BEGIN CERTIFICATE-----')
  expect(made.out).toContain('after_script:')
  const [, id = ''] = /once .* (slu_\S+)$/m.exec((await at('token', 'list', '--dataset', 'nightly')).out) ?? []
  const path = file('once.xml', junit('once'))
  expect((await world.upload([path], { CI_TOKEN: token })).exit).toBe(0)
  expect((await at('token', 'list', '--dataset', 'nightly')).out).toMatch(/once +in force +\S+ +2\S+ +127\.0\.0\.1/)
  expect((await at('token', 'revoke', id, '--dataset', 'nightly')).out).toBe(`Revoked ${id}.\n`)
  const refused = await world.upload([path], { CI_TOKEN: token })
  expect([refused.exit, refused.err]).toEqual([3, expect.stringContaining('upload_token.refused: ')])
  expect((await at('token', 'create', '--dataset', 'nightly', '--name', 'x', '--script', 'travis')).exit).toBe(2)
  expect((await at('token', 'create', '--dataset', 'nightly', '--name', 'x', '--days', '2000')).exit).toBe(2)
})

test('a query filters, sorts and pages; CSV has no formula in it, NDJSON an object a line', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'cells', '--data-tenant', 'acme', '--shape', 'table')
  const rows = Array.from(
    { length: 1_200 },
    (_, i) => `${i},"${i === 7 ? '=cmd|x' : `row ${i}`}",${i % 2 ? 'odd' : ''}`,
  )
  const uploaded = await at('upload', file('cells.csv', ['n,text,kind', ...rows].join('\n')), '--dataset', 'cells')
  expect([uploaded.exit, uploaded.err]).toEqual([0, ''])
  const query = (...words: string[]) => at('dataset', 'query', 'cells', ...words)
  expect((await query('--where', 'n < 3', '--sort', '-n', '--fields', 'n,text')).out).toBe(
    'n  text\n2  row 2\n1  row 1\n0  row 0\n',
  )
  expect((await query('--where', 'kind is missing', '--where', 'n in 4, 5, 6', '--sort', 'n')).out).toMatch(
    /^n +text\n4 +row 4\n6 +row 6\n/,
  )
  const csv = (await query('--format', 'csv', '--fields', 'n,text', '--sort', 'n')).out.split('\r\n')
  expect([csv.length, csv[0], csv[8], csv[1_200]]).toEqual([1_202, 'n,text', "7,'=cmd|x", '1199,row 1199'])
  const lines = (await query('--format', 'ndjson', '--search', 'ROW 11', '--sort', 'n', '--limit', '3')).out.trim()
  expect(lines.split('\n').map((line) => JSON.parse(line).n)).toEqual([11, 110, 111])
  const page = await json('dataset', 'query', 'cells', '--limit', '1100', '--fields', 'n', '--sort', 'n')
  const after = await json(
    'dataset',
    'query',
    'cells',
    '--fields',
    'n',
    '--sort',
    'n',
    '--limit',
    '1',
    '--after',
    page.next,
  )
  expect([page.rows.length, after.rows]).toEqual([1_100, [[1_100]]])
  expect((await query('--where', 'nope = 1')).err).toStartWith('query.invalid: ')
  for (const wrong of [
    ['--where', 'n'],
    ['--limit', '0'],
    ['--format', 'xml'],
    ['--format', 'csv', '--json'],
  ])
    expect((await query(...wrong)).exit).toBe(2)
})
