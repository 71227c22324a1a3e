import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { API_TOKEN_LIFETIME_MAX_MS } from '../../src/accounts/mod.ts'
import { refreshLocalAccess, writeLocalAccess } from '../../src/server/mod.ts'
import { makeMaria, type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { memoryFolder } from '../support/folder.ts'

const url = 'https://platform.example:8443/t/ten_1'
const ca = 'the authority'
let host: TestAccounts
let folder: ReturnType<typeof memoryFolder>
let owner: string
beforeEach(async () => {
  host = await testAccounts()
  folder = memoryFolder()
  owner = await makeMaria(host.accounts)
  await writeLocalAccess(folder.path, { url, ca }, { accounts: host.accounts, owner, clock: host.clock })
})
afterEach(() => {
  host[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const path = () => join(folder.path, 'access.json')
const kept = async (): Promise<{ url: string; ca: string; token: string }> => JSON.parse(await readFile(path(), 'utf8'))
const refresh = (to = url) =>
  refreshLocalAccess(folder.path, { doors: [{ url: to, accounts: host.accounts }], ca, clock: host.clock })
const tokens = async () => (await host.accounts.listApiTokens()).length

describe('the token in the access file', () => {
  test('stays for half of its life, then has a successor for the same user, and is revoked', async () => {
    const before = await kept()
    host.clock.advance(API_TOKEN_LIFETIME_MAX_MS / 2 - 1)
    await refresh()
    expect(await kept()).toEqual(before)
    host.clock.advance(1)
    await refresh()
    const after = await kept()
    expect(after).toEqual({ ...before, token: expect.not.stringMatching(before.token) })
    expect(await host.accounts.userOfToken(after.token)).toMatchObject({ user: { id: owner } })
    expect(await host.accounts.userOfToken(before.token)).toBeUndefined()
    expect(await tokens()).toBe(1)
  })

  test('has a successor also when it ran out while the Platform stood still', async () => {
    host.clock.advance(2 * API_TOKEN_LIFETIME_MAX_MS)
    await refresh()
    expect(await host.accounts.userOfToken((await kept()).token)).toMatchObject({ user: { id: owner } })
    expect(await tokens()).toBe(1)
  })

  test('has none when somebody revoked it', async () => {
    const before = await kept()
    for (const { id } of await host.accounts.listApiTokens()) await host.accounts.revokeApiToken(id)
    host.clock.advance(API_TOKEN_LIFETIME_MAX_MS)
    await refresh()
    expect(await kept()).toEqual(before)
    expect(await tokens()).toBe(0)
  })
})

test('the access file follows its tenant to another address, and nobody else’s', async () => {
  const before = await kept()
  await refresh('https://platform.example:9443/t/ten_2')
  expect(await kept()).toEqual(before)
  await refresh('https://other.example/t/ten_1')
  expect(await kept()).toEqual({ ...before, url: 'https://other.example/t/ten_1' })
})

test('what somebody else put there is left alone, and what is not there is not made', async () => {
  for (const text of ['mine', '{}', '{"url":"no address","ca":"","token":""}', 'null']) {
    await writeFile(path(), text)
    await refresh()
    expect(await readFile(path(), 'utf8')).toBe(text)
  }
  await rm(path())
  await refresh()
  await expect(readFile(path())).rejects.toHaveProperty('code', 'ENOENT')
})
