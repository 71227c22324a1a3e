import { expect, test } from 'bun:test'
import { FairRoom } from '../../src/host/mod.ts'

test('one more than there is room for takes the place of the oldest of the network that holds the most', () => {
  const room = new FairRoom<string>(4)
  expect(room.enter('honest', '198.51.100.1')).toBeUndefined()
  for (const name of ['a', 'b', 'c']) expect(room.enter(name, '192.0.2.7')).toBeUndefined()
  expect(room.enter('d', '192.0.2.7')).toBe('a')
  expect(room.enter('other', '203.0.113.1')).toBe('b')
  expect(room.all.sort()).toEqual(['c', 'd', 'honest', 'other'])
  expect(room.size).toBe(4)
})

test('addresses of one IPv6 network count together, and who left makes room', () => {
  const room = new FairRoom<string>(2)
  room.enter('first', '2001:db8::1')
  room.enter('second', '2001:db8::2')
  expect(room.leave('first', '2001:db8::1')).toBe(true)
  expect(room.leave('first', '2001:db8::1')).toBe(false)
  expect(room.enter('third', '2001:db8::3')).toBeUndefined()
  expect(room.enter('fourth', '198.51.100.1')).toBe('second')
})
