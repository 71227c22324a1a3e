import { afterAll, beforeAll, expect } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { type DatasetsWorld, datasetsWorld } from '../../support/cli/datasets.ts'
import { CLOUD_TOKEN, CLOUD_USER, type JiraDouble, jiraDouble } from '../../support/doubles/jira.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
let jira: JiraDouble
beforeAll(async () => {
  if (isQuick) return
  ;[world, jira] = await Promise.all([datasetsWorld(), jiraDouble()])
})
afterAll(async () => {
  await jira?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

test('a connector is made from a file and single settings, checked, run, looked at, paused and removed', async () => {
  for (let n = 1; n <= 5; n++) jira.put({ key: `ABC-${n}`, updatedMs: Date.UTC(2026, 0, 2) + n * 60_000 })
  const { at, json, file } = world
  await json('dataset', 'create', 'issues', '--data-tenant', 'acme', '--shape', 'issues')
  const secrets = ['username', CLOUD_USER, 'password', CLOUD_TOKEN]
  const fields = [0, 2].flatMap((i) => [
    '--field-file',
    `${secrets[i]}=${file(`${secrets[i]}.txt`, secrets[i + 1] ?? '')}`,
  ])
  expect((await at('credential', 'set', 'jira', '--kind', 'password', ...fields)).exit).toBe(0)
  const settings = file('jira.yaml', `url: ${jira.url}\nca: |\n${jira.ca.replaceAll(/^/gm, '  ')}\n`)
  const named = ['--data-tenant', 'acme']
  const wanted = ['--type', 'jira', '--credential', 'jira', '--network', 'private', '--dataset', 'issues']
  const made = await at(
    'connector',
    'create',
    'issues',
    ...named,
    ...wanted,
    '--config-file',
    settings,
    '--set',
    'projects=[ABC]',
    '--cron',
    '0 2 * * *',
  )
  expect([made.exit, made.out]).toEqual([
    0,
    expect.stringMatching(/^Made issues \(con_[0-9a-f-]+\)\.\nTry it with: sluice connector check issues/),
  ])
  expect((await at('connector', 'check', 'issues', ...named)).out).toContain('Signed in as Mary Example')
  expect((await at('connector', 'discover', 'issues', ...named)).out).toMatch(/customfield_10042 +Team +string +yes/)
  const ran = await at('connector', 'run', 'issues', '--wait', ...named)
  expect([ran.exit, ran.out]).toEqual([
    0,
    expect.stringContaining('5 records in 1 page: 5 new, 0 replaced, 0 refused, 0 removed.'),
  ])
  expect((await at('connector', 'history', 'issues', ...named)).out).toMatch(/ done +1 +5 +5 /)
  expect((await at('connector', 'list', ...named)).out).toMatch(/issues +jira +127\.0\.0\.1:\d+ +ready/)
  expect((await at('connector', 'show', 'issues', ...named)).out).toContain('0 2 * * * in UTC; next ')
  expect((await at('connector', 'cursor', 'issues', ...named)).out).toContain('"updatedUpToMs"')
  const merge = (patch: string) => at('connector', 'cursor', 'issues', '--merge', patch, ...named)
  expect(JSON.parse((await merge('{"seen":[],"updatedUpToMs":5}')).out)).toEqual({ seen: [], updatedUpToMs: 5 })
  expect(JSON.parse((await merge('{"updatedUpToMs":null}')).out)).toEqual({ seen: [] })
  expect([(await merge('{')).exit, (await merge('{')).err]).toEqual([2, expect.stringContaining('--merge takes JSON')])
  const schema = await at('connector', 'types', '--schema', 'rest')
  expect(JSON.parse(schema.out).properties.paging.description).toContain('`link`')
  expect((await at('connector', 'cursor', 'issues', '--reset', ...named)).out).toContain(
    'It begins with the first record',
  )
  expect((await at('connector', 'pause', 'issues', ...named)).out).toBe('Paused issues.\n')
  expect((await at('connector', 'resume', 'issues', ...named)).out).toStartWith('Resumed issues; it runs next at ')
  expect((await at('connector', 'change', 'issues', '--set', 'projects=[XYZ]', '--cron', 'none', ...named)).out).toBe(
    'Changed issues.\n',
  )
  expect((await json('connector', 'show', 'issues', ...named)).config).toMatchObject({
    projects: ['XYZ'],
    url: jira.url,
  })
  jira.hidden.add('XYZ')
  const failed = await at('connector', 'run', 'issues', '--wait', ...named)
  expect([failed.exit, failed.out]).toEqual([6, expect.stringContaining('connector.site_refused: 127.0.0.1')])
  expect((await at('connector', 'types')).out).toContain('url (needed): URL of the site')
  writeFileSync(settings, '- a\n')
  expect((await at('connector', 'change', 'issues', '--config-file', settings, ...named)).exit).toBe(2)
  expect((await at('connector', 'remove', 'issues', ...named)).exit).toBe(2)
  expect((await at('connector', 'remove', 'issues', '--force', ...named)).out).toBe(
    'Removed issues. What it has pulled stays.\n',
  )
}, 30_000)
