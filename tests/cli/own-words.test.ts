/** What a server refuses is told in the words of the verb that was called: its flags, what was given, what is allowed. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runningRuntime } from '../support/runtime/running.ts'

const folder = temporaryFolder()
const at = ['--at', folder.file('data')]
let runtime: Awaited<ReturnType<typeof runningRuntime>>['runtime']
beforeAll(async () => {
  const allowed = new Set(['environment', 'file', 'command'] as const)
  const credentialSources = { allowed, environment: () => undefined, commandEnvironment: { PATH: '/usr/bin:/bin' } }
  runtime = (await runningRuntime(folder.path, { credentialSources })).runtime
})
afterAll(async () => {
  await runtime.close()
  folder[Symbol.dispose]()
})

const refusal = async (...words: string[]) => {
  const { exit, out, err } = await sluice([...words, ...at])
  expect({ exit, out }).toEqual({ exit: 2, out: '' })
  return err
}
const rules = (text: string) => {
  writeFileSync(folder.file('rules.yaml'), text)
  return refusal('policy', 'set', folder.file('rules.yaml'))
}

test('a flag that is not as it should be is named with what is allowed and what was given', async () => {
  expect(await refusal('user', 'invite', 'ivo', '--role', 'boss')).toBe(
    'request.invalid: --role: must be `viewer`, `operator` or `owner`, got `boss`. See `sluice user invite --help`.\n',
  )
  expect(await refusal('user', 'role', 'owner', 'boss')).toContain('role: must be `viewer`, `operator` or `owner`, got')
  expect(await refusal('api-token', 'create', 'ci', '--days', '999')).toContain(
    '--days: must be a whole number from 1 to 366, got 999.',
  )
  for (const verb of [['logs'], ['audit', 'list']])
    expect(await refusal(...verb, '--since', 'yesterday')).toContain(
      '--since: must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z, got `yesterday`.',
    )
  expect(await refusal('logs', '--limit', 'many')).toContain('--limit: must be a whole number, got `many`.')
  expect(await refusal('alert', 'add-webhook', 'x', '--url', 'http://x.example')).toContain(
    '--url: must begin with https://, got `http://x.example`.',
  )
  expect(await refusal('deployment', 'stop', 'dep_0')).toContain(
    'id: expected an id that begins with dep_, got `dep_0`',
  )
})

test('what one may not read back from a screen is not repeated', async () => {
  const code = `slx_${'s3cret'.repeat(6_000)}`
  expect(await refusal('runtime', 'enrol', code)).not.toContain('s3cret')
  writeFileSync(folder.file('short'), 'hunter2')
  const short = await refusal('backup', '--out', folder.file('b'), '--passphrase-file', folder.file('short'))
  expect(short).toContain('passphrase: must have 12 to 1024 characters, got 7.')
  expect(short).not.toContain('hunter2')
})

test('a rule that is none is told with the one that was meant; what a rule takes, with an example', async () => {
  expect(await rules('host: any')).toContain('policy.host: is not known here; did you mean `hosts`?')
  expect(await rules('hosts: db.example')).toContain(
    'policy.hosts: expected `any` or a list as [db.example:5432], got `db.example`',
  )
  expect(await rules('hosts: ["http://x"]')).toContain('policy.hosts.0: expected a host as db.example')
  expect(await rules('workersMax: 0')).toContain('policy.workersMax: must be a whole number from 1 to 1024, got 0')
  expect(await rules('scripts: yes')).toContain(
    'policy.scripts: must be `forbidden`, `sandboxed` or `native`, got `yes`',
  )
  expect(await rules('peers: [factory-01]')).toContain('policy.peers.0: expected an id that begins with rt_')
})

test('a span stands for the time that was so long ago', async () => {
  expect(await sluice(['audit', 'list', '--since', '1h', '--json', ...at])).toMatchObject({ exit: 0, err: '' })
  const { out } = await sluice(['audit', 'list', '--until', '1h', '--json', ...at])
  expect(JSON.parse(out).entries).toEqual([])
})

test('audit list names users by their names, also to look for, and JSON has their ids as well', async () => {
  await sluice(['user', 'invite', 'ivo', ...at])
  const list = await sluice(['audit', 'list', '--actor', 'owner', ...at])
  expect(list.out).toMatch(/ {2}owner {2}user\.invited {2}/)
  expect(list.out).not.toContain('usr_')
  const { entries } = JSON.parse((await sluice(['audit', 'list', '--actor', 'owner', '--json', ...at])).out)
  expect(entries[0]).toMatchObject({ actor: expect.stringMatching(/^user:usr_/), actorName: 'owner' })
})

test('a credential whose source gives nothing is kept, with a word on it', async () => {
  for (const [source, why] of [
    ['environment:NOPE', 'the variable NOPE is not set'],
    [`file:${folder.file('nowhere')}`, 'the file of url is not there'],
    ['command:false', 'the command false gave no value (it ended with 1)'],
  ]) {
    const set = await sluice(['credential', 'set', 'db', '--from', `url=${source}`, ...at])
    expect(set).toMatchObject({ exit: 0, err: '' })
    expect(set.out).toMatch(/^(Stored|Replaced) db \(url\)\./)
    expect(set.out).toContain(`But url is not available now: ${why}.`)
  }
  const stored = await sluice(['credential', 'set', 'db', '--field-env', 'url=URL', ...at], { URL: 'x' })
  expect(stored.out).toBe('Replaced db (url). It can be used, not read.\n')
})

test('the master key is rotated when somebody agrees, knowing what it needs', async () => {
  const rotate = ['key', 'rotate', 'master', ...at]
  const alone = await sluice(rotate)
  expect(alone).toMatchObject({ exit: 2, out: '' })
  expect(alone.err).toStartWith('cli.usage: this needs --yes: A new master key is written to the file of the old one')
  expect(alone.err).toContain('Make one first: sluice recovery renew')
  const before = (await sluice(['key', 'list', ...at])).out
  const refused = await sluice(rotate, {}, { ask: async () => 'no' })
  expect(refused.err).toContain('internal.cancelled: nothing was rotated')
  expect((await sluice(['key', 'list', ...at])).out).toBe(before)
  const done = await sluice(rotate, {}, { ask: async () => 'master' })
  expect(done).toMatchObject({ exit: 0, out: 'The master key is rotated; the old one opens nothing any more.\n' })
  expect(done.err).toContain('opened by the old master key only')
  expect((await sluice([...rotate, '--yes'])).exit).toBe(0)
})

test('a recovery key that somebody has goes only when that is meant', async () => {
  const renew = ['recovery', 'renew', ...at]
  expect((await sluice(renew)).exit).toBe(0)
  const before = (await sluice(['key', 'list', ...at])).out
  expect(await sluice(renew)).toMatchObject({ exit: 2, out: '', err: expect.stringContaining('meant with --yes') })
  expect((await sluice(renew, {}, { ask: async () => 'no' })).err).toContain('Nothing was done.')
  expect((await sluice(['key', 'list', ...at])).out).toBe(before)
  expect((await sluice([...renew, '--yes'])).exit).toBe(0)
  expect((await sluice(renew, {}, { ask: async () => 'recovery' })).exit).toBe(0)
})

test('what is not there is told with where to look', async () => {
  for (const [words, line] of [
    ['user disable nobody', 'account.not_found: there is no such user. See who there is with: sluice user list.'],
    [
      'session end ses_x',
      'session.not_found: there is no such session. See which there are with: sluice session list.',
    ],
    [
      'peer remove cloud',
      'cli.name_unknown: there is no peer `cloud` here. See which there are with `sluice peer list`.',
    ],
    [
      'deployment stop orders',
      'cli.name_unknown: there is no deployment `orders` here. See which there are with `sluice deployment list`.',
    ],
  ] as const)
    expect(await sluice([...words.split(' '), ...at])).toEqual({ exit: 4, out: '', err: `${line}\n` })
})
