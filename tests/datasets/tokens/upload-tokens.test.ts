import { afterAll, beforeAll, expect, test } from 'bun:test'
import { systemRandom } from '../../../src/base/mod.ts'
import { UploadTokens } from '../../../src/datasets/tokens/upload-tokens.ts'
import { type Database, type RuntimeSchema, runtimeDatabase, uploadTokens } from '../../../src/store/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts'
import { frozenClock } from '../../support/frozen-clock.ts'
import { refusalOf } from '../../support/refusal.ts'

const DAY = 24 * 60 * 60_000
const TENANT = 'dt_018f0000-0000-7000-8000-000000000001' as const
const OTHER = 'dt_018f0000-0000-7000-8000-000000000002' as const
const DATASET = 'ds_018f0000-0000-7000-8000-000000000003'
let folder: TemporaryFolder
let db: Database<RuntimeSchema>
const clock = frozenClock()
const newTokens = () => new UploadTokens({ db, clock, random: systemRandom })
const made = (tokens: UploadTokens, more: { days?: number; dataset?: string } = {}) =>
  tokens.create({ dataTenant: TENANT, dataset: DATASET, name: 'nightly', by: 'user:usr_1', ...more })

beforeAll(async () => {
  folder = temporaryFolder()
  db = await runtimeDatabase(folder.file('runtime.db'), new Uint8Array(32).fill(1))
})
afterAll(async () => {
  await db.close()
  folder[Symbol.dispose]()
})

test('a token has the published form, admits to its dataset, and is kept as a hash only', async () => {
  const tokens = newTokens()
  const { id, token, expiresAt } = await made(tokens)
  expect(token).toMatch(/^slu_[A-Za-z0-9_-]{16}[A-Za-z0-9_-]{43}[0-9a-f]{6}$/)
  expect(token).toStartWith(id)
  expect(expiresAt).toBe(clock.now() + 365 * DAY)
  expect(await tokens.grantOf(token)).toEqual({ token: id, dataTenant: TENANT, dataset: DATASET })
  const kept = JSON.stringify(await db.select().from(uploadTokens))
  expect(kept).toContain(id)
  expect(kept).not.toContain(token.slice(id.length))
})

test('a token that was cut, mistyped, made up or is of another kind admits to nothing', async () => {
  const tokens = newTokens()
  const { token } = await made(tokens)
  const changed = `${token.slice(0, 30)}${token[30] === 'a' ? 'b' : 'a'}${token.slice(31)}`
  const { token: other } = await made(tokens)
  // The id of one, the secret of another, and the checksum that belongs to that.
  const forged = `${token.slice(0, 20)}${other.slice(20, -6)}`
  const checksum = new Bun.CryptoHasher('sha256').update(forged).digest('hex').slice(0, 6)
  for (const wrong of [
    '',
    'slu_',
    token.slice(0, -1),
    `${token}0`,
    changed,
    `slt_${token.slice(4)}`,
    `${forged}${checksum}`,
  ]) {
    expect(await tokens.grantOf(wrong)).toBeUndefined()
  }
  expect(await tokens.grantOf(other)).toBeDefined()
})

test('a token that is revoked admits to nothing from then on, here and after a restart, and stays listed', async () => {
  const tokens = newTokens()
  const { id, token } = await made(tokens)
  expect(await tokens.grantOf(token)).toBeDefined()
  expect(await refusalOf(() => tokens.revoke(OTHER, DATASET, id, 'user:usr_2'))).toBe('upload_token.not_found')
  expect(await tokens.grantOf(token)).toBeDefined()
  await tokens.revoke(TENANT, DATASET, id, 'user:usr_2')
  expect(await tokens.grantOf(token)).toBeUndefined()
  expect(await newTokens().grantOf(token)).toBeUndefined()
  const listed = (await tokens.list(TENANT, DATASET)).find((one) => one.id === id)
  expect(listed).toMatchObject({ state: 'revoked', revokedAt: clock.now() })
})

test('a token ends with its days, is listed as expired, and a second one beside it goes on', async () => {
  const tokens = newTokens()
  const short = await made(tokens, { days: 1 })
  const long = await made(tokens, { days: 2 })
  await tokens.grantOf(short.token)
  clock.advance(DAY)
  expect(await tokens.grantOf(short.token)).toBeUndefined()
  expect(await tokens.grantOf(long.token)).toBeDefined()
  const states = Object.fromEntries((await tokens.list(TENANT, DATASET)).map(({ id, state }) => [id, state]))
  expect(states).toMatchObject({ [short.id]: 'expired', [long.id]: 'in_force' })
  for (const days of [0, 0.5, 1_097]) expect(await refusalOf(() => made(tokens, { days }))).toBe('upload_token.unfit')
})

test('the last use is listed with its address at once, and written once a minute', async () => {
  const tokens = newTokens()
  const { id, token } = await made(tokens)
  const use = async () => (await newTokens().list(TENANT, DATASET)).find((one) => one.id === id)
  await tokens.grantOf(token, '192.0.2.1')
  const first = clock.now()
  expect(await use()).toMatchObject({ usedAt: first, address: '192.0.2.1' })
  clock.advance(59_999)
  await tokens.grantOf(token, '192.0.2.2')
  expect(await use()).toMatchObject({ usedAt: first, address: '192.0.2.1' })
  const [listed] = (await tokens.list(TENANT, DATASET)).filter((one) => one.id === id)
  expect(listed).toMatchObject({ usedAt: first + 59_999, address: '192.0.2.2' })
  clock.advance(1)
  await tokens.grantOf(token, '192.0.2.2')
  expect(await use()).toMatchObject({ usedAt: first + 60_000, address: '192.0.2.2' })
})

test('a dataset has a bounded number of tokens in force, and those of a removed one are gone', async () => {
  const tokens = newTokens()
  const dataset = 'ds_018f0000-0000-7000-8000-000000000009'
  const { token } = await made(tokens, { dataset })
  await tokens.grantOf(token)
  for (let more = 1; more < 64; more++) await made(tokens, { dataset })
  expect(await refusalOf(() => made(tokens, { dataset }))).toBe('upload_token.too_many')
  await tokens.remove(TENANT, dataset)
  expect(await tokens.grantOf(token)).toBeUndefined()
  expect(await tokens.list(TENANT, dataset)).toEqual([])
})
