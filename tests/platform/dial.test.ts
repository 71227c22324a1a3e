import { expect, test } from 'bun:test'
import { isPrivateAddress } from '../../src/host/mod.ts'
import { postToRuntime } from '../../src/platform/c2/dial.ts'
import { noRecorder } from '../../src/platform/recorder.ts'

const PRIVATE = [
  '127.0.0.1 127.255.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1',
  '0.0.0.0 224.0.0.1 255.255.255.255 198.18.0.1 192.0.0.8',
  ':: ::1 fe80::1 fd00::1 fc00::1 ff02::1 2002:7f00:1:: 64:ff9b::7f00:1',
  '::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 0:0:0:0:0:ffff:7f00:1 factory.example',
]

test('private, special or unreadable addresses are called only where it is allowed', () => {
  for (const address of PRIVATE.flatMap((line) => line.split(' ')))
    expect({ address, isPrivate: isPrivateAddress(address) }).toEqual({ address, isPrivate: true })
})

test('public addresses are called', () => {
  const addresses = '8.8.8.8 172.32.0.1 100.128.0.1 192.0.2.1 2001:db8::1 2a00:1450::1 ::ffff:8.8.8.8'
  for (const address of addresses.split(' '))
    expect({ address, isPrivate: isPrivateAddress(address) }).toEqual({ address, isPrivate: false })
})

test('a name that leads to a private address is judged by the address, and nothing is sent', async () => {
  const deps = { allowPrivateAddresses: false, recorder: noRecorder, resolve: async () => '127.0.0.1' }
  const runtime = { managementUrl: 'https://factory.example:8752', authority: '' }
  await expect(postToRuntime(deps, runtime, 'token')).rejects.toHaveProperty('code', 'platform.address_forbidden')
})

test('a name that does not resolve is unreachable', async () => {
  const runtime = { managementUrl: 'https://nothing.invalid:8752', authority: '' }
  const deps = { allowPrivateAddresses: false, recorder: noRecorder }
  await expect(postToRuntime(deps, runtime, 'token')).rejects.toHaveProperty('code', 'host.unreachable')
})
