import { expect, test } from 'bun:test'
import { isWithin, parseAddress, parseNetwork } from '../../../src/host/mod.ts'
import { type LeftOutDeps, leftOut } from '../../../src/runtime/network/left-out.ts'
import { frozenClock } from '../../support/frozen-clock.ts'

const ADDRESSES: Record<string, string[]> = {
  'platform.example': ['203.0.113.5', '2001:db8::5'],
  'cloud.example': ['198.51.100.7'],
}

/** Lists as they are kept, an enrolment with platform.example, and one peer. */
function deps(lists: { management?: string[]; bridges?: string[] }, platformUrl?: string): LeftOutDeps {
  const of = (door: 'management' | 'bridges') => lists[door] ?? []
  const state = {
    network: {
      list: (door: 'management' | 'bridges') => of(door).map((network) => ({ network })),
      allows: (door: 'management' | 'bridges', address: string) =>
        of(door).some((text) => {
          const [parsed, network] = [parseAddress(address), parseNetwork(text)]
          return parsed && network && isWithin(parsed, network)
        }),
    },
    enrolment: { registration: async () => platformUrl && { platformUrl } },
    peers: { list: async () => ({ accepted: [{ name: 'cloud-01', bridgeHost: 'cloud.example' }] }) },
  }
  return {
    state: state as never,
    clock: frozenClock(),
    addressesOf: async (host) => ADDRESSES[host] ?? [],
  }
}

const PLATFORM = 'https://platform.example:8443'

test('nobody is left out while the lists are empty', async () => {
  expect(await leftOut(deps({}, PLATFORM))).toEqual([])
})

test('the Platform is named with those of its addresses that 8752 would not let in', async () => {
  expect(await leftOut(deps({ management: ['10.0.0.0/8'] }, PLATFORM))).toEqual([
    { list: 'management', who: PLATFORM, addresses: ['203.0.113.5', '2001:db8::5'] },
  ])
  expect(await leftOut(deps({ management: ['203.0.113.0/24'] }, PLATFORM))).toEqual([
    { list: 'management', who: PLATFORM, addresses: ['2001:db8::5'] },
  ])
  expect(await leftOut(deps({ management: ['203.0.113.5', '2001:db8::/32'] }, PLATFORM))).toEqual([])
  expect(await leftOut(deps({ management: ['10.0.0.0/8'] }))).toEqual([])
})

test('a peer is named where 32100 would not let it in', async () => {
  expect(await leftOut(deps({ bridges: ['10.0.0.0/8'] }, PLATFORM))).toEqual([
    { list: 'bridges', who: 'cloud-01', addresses: ['198.51.100.7'] },
  ])
  expect(await leftOut(deps({ bridges: ['198.51.100.0/24'] }, PLATFORM))).toEqual([])
})

test('a resolver that does not answer is not waited for', async () => {
  const { state } = deps({ management: ['10.0.0.0/8'] }, 'https://nowhere.invalid')
  expect(await leftOut({ state, clock: { sleep: async () => undefined } })).toEqual([])
})
