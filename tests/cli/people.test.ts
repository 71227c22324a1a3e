import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sluice } from '../support/cli/terminal.ts'
import { memoryFolder } from '../support/folder.ts'
import { runningRuntime } from '../support/runtime/running.ts'

const folder = memoryFolder()
const data = join(folder.path, 'data')
let runtime: Awaited<ReturnType<typeof runningRuntime>>['runtime']
beforeAll(async () => {
  runtime = (await runningRuntime(folder.path)).runtime
})
afterAll(async () => {
  await runtime.close()
  folder[Symbol.dispose]()
})

const at = (words: string) => sluice([...words.split(' '), '--at', data])
const json = async (words: string) => JSON.parse((await at(`${words} --json`)).out)

test('users are invited, listed, renamed, given a role, disabled, enabled and removed', async () => {
  const invited = await at('user invite Ivo --role operator')
  expect(invited.out).toMatch(
    /^Hand this link to ivo\. It works once, until \S+:\n\n {2}https:\/\/127\.0\.0\.1:\d+\/link\/[\w-]{43}\n$/,
  )
  expect((await at('user list')).out).toMatch(/ivo +operator +invited/)
  expect(await at('user role ivo viewer')).toEqual({ exit: 0, out: 'ivo is viewer now.\n', err: '' })
  expect((await at('user rename ivo ivo.b')).out).toBe('ivo.b is the name of ivo now.\n')
  expect((await at('user disable ivo.b')).out).toBe('ivo.b is disabled.\n')
  expect((await at('user enable ivo.b')).out).toBe('ivo.b is enabled.\n')
  expect((await at('user reset-totp ivo.b')).err).toStartWith('totp.missing: ')
  expect(await at('user remove ivo.b')).toMatchObject({ exit: 2, err: expect.stringContaining('meant with --yes') })
  const asked = await sluice(['user', 'remove', 'ivo.b', '--at', data], {}, { ask: async () => 'ivo' })
  expect(asked.err).toContain('Nothing was done.')
  expect((await at('user list')).out).toContain('ivo.b')
  expect((await at('user remove ivo.b --yes')).out).toBe('ivo.b is removed.\n')
  expect((await at('user remove ivo.b --yes')).err).toStartWith('account.not_found: ')
  expect((await at('user role owner king')).exit).toBe(2)
})

test('an owner who lost password and link gets in by a new link made on the machine', async () => {
  const { link } = await json('user link owner')
  expect(link).toContain('/link/')
  expect(link).not.toBe(runtime.oneTimeLink)
  const { err, exit } = await at('user remove owner --yes')
  expect([exit, err]).toEqual([5, expect.stringContaining('account.last_owner: ')])
})

test('the command goes on for another owner when the one it spoke for is gone', async () => {
  const { user } = await json('user invite boss --role owner')
  const token = () => JSON.parse(readFileSync(join(data, 'access.json'), 'utf8')).token
  const before = token()
  expect((await at('user disable owner')).exit).toBe(0)
  expect(token()).not.toBe(before)
  expect((await at('user list')).out).toMatch(/owner +owner +disabled/)
  expect((await at('user enable owner')).exit).toBe(0)
  expect((await at(`user remove ${user.id} --yes`)).exit).toBe(0)
  expect((await at('user list')).exit).toBe(0)
})

test('sessions are listed and ended; tokens are made, listed and revoked', async () => {
  expect((await at('session list')).out).toBe('Nobody is signed in.\n')
  expect((await at('session end ses_x')).err).toStartWith('session.not_found: ')
  const made = await json('api-token create ci --days 7')
  const asToken = await sluice(['user', 'list', '--at', data], { SLUICE_TOKEN: made.token })
  expect(asToken.exit).toBe(0)
  expect((await at('api-token list')).out).toMatch(new RegExp(`ci .*${made.id}`))
  expect((await at('api-token list --all')).out).toContain('owner')
  expect((await at('api-token create ci --days 400')).exit).toBe(2)
  expect((await at(`api-token revoke ${made.id}`)).out).toBe(`Revoked ${made.id}.\n`)
  expect((await sluice(['user', 'list', '--at', data], { SLUICE_TOKEN: made.token })).exit).not.toBe(0)
})
