import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { parseNetwork } from '../../../src/host/mod.ts'
import { AllowLists, type NamedNetworks, NETWORKS_MAX } from '../../../src/runtime/network/allow-lists.ts'
import { Settings } from '../../../src/runtime/state/settings.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock } from '../../support/wire/parties.ts'

const clock = new FakeClock()
const owner = { actor: 'user:usr_1', address: '192.0.2.7' }
let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let lists: AllowLists

beforeEach(async () => {
  folder = memoryFolder()
  stores = await testStores(folder.path, clock)
  lists = await reopened()
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

function reopened(names?: NamedNetworks): Promise<AllowLists> {
  return AllowLists.open({ settings: new Settings({ db: stores.db, clock }), clock, ...(names && { names }) })
}

describe('the lists of networks', () => {
  test('let everyone in while they are empty, and only who is listed afterwards, over restarts too', async () => {
    expect(lists.allows('management', '203.0.113.9')).toBe(true)
    await lists.allow('management', '192.0.2.9/24', owner)
    for (const now of [lists, await reopened()]) {
      expect(now.list('management')).toEqual([
        { network: '192.0.2.0/24', addedBy: owner.actor, addedAtMs: clock.now() },
      ])
      expect(now.allows('management', '192.0.2.200')).toBe(true)
      expect(now.allows('management', '::ffff:192.0.2.200')).toBe(true)
      expect(now.allows('management', '203.0.113.9')).toBe(false)
      expect(now.allows('bridges', '203.0.113.9')).toBe(true)
    }
    await lists.remove('management', '192.0.2.0/24', owner)
    expect(lists.allows('management', '203.0.113.9')).toBe(true)
  })

  test('always let this machine in', async () => {
    for (const door of ['management', 'bridges'] as const) {
      await lists.allow(door, '192.0.2.0/24', owner)
      for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(lists.allows(door, own)).toBe(true)
    }
  })

  test('do not lock out whoever changes that of 8752 from elsewhere, unless forced', async () => {
    expect(await refusalOf(() => lists.allow('management', '10.0.0.0/8', owner))).toBe('network.excludes_you')
    expect(lists.list('management')).toEqual([])
    await lists.allow('management', '192.0.2.7', owner)
    await lists.allow('management', '10.0.0.0/8', owner)
    expect(await refusalOf(() => lists.remove('management', '192.0.2.7', owner))).toBe('network.excludes_you')
    await lists.remove('management', '192.0.2.7', { ...owner, force: true })
    expect(lists.allows('management', owner.address)).toBe(false)
    await lists.remove('management', '10.0.0.0/8', owner)
    await lists.allow('management', '10.0.0.0/8', { ...owner, address: '127.0.0.1' })
    await lists.allow('bridges', '10.0.0.0/8', owner)
  })

  test('do not lock out either of two owners who change it at the same time', async () => {
    const other = { actor: 'user:usr_2', address: '198.51.100.1' }
    const refusals = await Promise.all([
      refusalOf(() => lists.allow('management', '192.0.2.0/24', owner)),
      refusalOf(() => lists.allow('management', '192.0.2.128/25', other)),
    ])
    expect(refusals[1]).toBe('network.excludes_you')
    expect(lists.list('management')).toHaveLength(1)
  })

  test('refuse what is no network, what is not listed, and one network more than they hold', async () => {
    for (const text of ['platform', 'example.org', '10.0.0.0/33', ''])
      expect(await refusalOf(async () => lists.allow('bridges', text, owner))).toBe('network.malformed')
    expect(await refusalOf(() => lists.remove('bridges', '10.0.0.0/8', owner))).toBe('network.not_listed')
    for (let i = 0; i < NETWORKS_MAX; i++) await lists.allow('bridges', `10.0.${i}.0/24`, owner)
    expect(await refusalOf(() => lists.allow('bridges', '10.1.0.0/24', owner))).toBe('network.too_many')
    await lists.allow('bridges', '10.0.0.0/24', owner)
    expect(lists.list('bridges')).toHaveLength(NETWORKS_MAX)
  })

  test('follow a name to the addresses that it has at that moment', async () => {
    const published = ['203.0.113.0/28'].flatMap((text) => parseNetwork(text) ?? [])
    const named = await reopened(new Map([['platform', () => published]]))
    await named.allow('bridges', 'platform', owner)
    expect(named.allows('bridges', '203.0.113.5')).toBe(true)
    published.splice(0, 1, ...['198.51.100.0/28'].flatMap((text) => parseNetwork(text) ?? []))
    expect(named.allows('bridges', '203.0.113.5')).toBe(false)
    expect(named.allows('bridges', '198.51.100.5')).toBe(true)
    // Without anyone who knows the name it stands for nobody.
    expect((await reopened()).allows('bridges', '198.51.100.5')).toBe(false)
  })
})
