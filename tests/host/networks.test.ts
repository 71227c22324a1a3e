import { expect, test } from 'bun:test'
import { BlockList } from 'node:net'
import fc from 'fast-check'
import {
  isWithin as isAddressWithin,
  isLoopback,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../src/host/mod.ts'

function isWithin(text: string, network: Network): boolean {
  const address = parseAddress(text)
  return address !== undefined && isAddressWithin(address, network)
}

test('parseNetwork() gives the canonical text, its host bits cut off', () => {
  const canonical = {
    '10.1.2.3/8': '10.0.0.0/8',
    '192.168.1.7': '192.168.1.7',
    ' 0.0.0.0/0 ': '0.0.0.0/0',
    '2001:DB8::1/32': '2001:db8::/32',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '::1/128': '::1',
    '::ffff:10.0.0.1': '10.0.0.1',
    '::ffff:10.0.0.0/104': '10.0.0.0/8',
  }
  for (const [given, text] of Object.entries(canonical)) expect(parseNetwork(given)?.text).toBe(text)
})

test('parseNetwork() takes nothing else', () => {
  for (const text of [
    '',
    'x',
    '10.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/',
    'fe80::1%eth0',
    '1.2.3.4.5',
    '::ffff:1.2.3.4/90',
    '010.0.0.1',
  ])
    expect(parseNetwork(text)).toBeUndefined()
})

const v4 = fc.ipV4()
const v6 = fc.ipV6()

test('isWithin() says what node says, for every address and network of one family', () => {
  const cases = fc.oneof(
    fc.record({
      address: v4,
      network: v4,
      prefix: fc.integer({ min: 0, max: 32 }),
      family: fc.constant('ipv4' as const),
    }),
    fc.record({
      address: v6,
      network: v6,
      prefix: fc.integer({ min: 0, max: 128 }),
      family: fc.constant('ipv6' as const),
    }),
  )
  fc.assert(
    fc.property(cases, ({ address, network, prefix, family }) => {
      const parsed = parseNetwork(`${network}/${prefix}`)
      if (!parsed || parsed.bytes.byteLength !== (family === 'ipv4' ? 4 : 16)) return
      const list = new BlockList()
      list.addSubnet(network, prefix, family)
      expect(isWithin(address, parsed)).toBe(list.check(address, family))
      expect(isWithin(network, parsed)).toBe(true)
      expect(parseNetwork(parsed.text)).toEqual(parsed)
    }),
  )
})

test('an IPv4 address mapped into IPv6 is that IPv4 address, and in no network of IPv6', () => {
  const [ten, all6] = [parseNetwork('10.0.0.0/8'), parseNetwork('::/0')]
  if (!ten || !all6) throw new Error('both are networks')
  expect(isWithin('::ffff:10.9.9.9', ten)).toBe(true)
  expect(isWithin('::ffff:11.9.9.9', ten)).toBe(false)
  expect(isWithin('10.9.9.9', all6)).toBe(false)
  expect(isWithin('fe80::5%eth0', all6)).toBe(true)
  expect(isWithin('', all6)).toBe(false)
})

test('isLoopback() knows this machine by all of its own addresses', () => {
  for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isLoopback(own)).toBe(true)
  for (const other of ['128.0.0.1', '::2', '10.0.0.1', '::ffff:10.0.0.1', '']) expect(isLoopback(other)).toBe(false)
})
