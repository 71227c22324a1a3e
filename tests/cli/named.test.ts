import { expect, test } from 'bun:test'
import type { Client } from '../../src/cli/client.ts'
import { deploymentNamed, peerNamed } from '../../src/cli/named.ts'
import { refusalOf } from '../support/refusal.ts'

function answering(answers: Record<string, unknown>): Client & { asked: string[] } {
  const asked: string[] = []
  const request = async (_method: string, path: string) => {
    asked.push(path)
    return answers[path]
  }
  return {
    asked,
    request,
    get: (path) => request('GET', path),
    stream: () => Promise.reject(new RangeError('no stream')),
  }
}

const ID = 'dep_01890000-0000-7000-8000-000000000004'
const OTHER = 'dep_01890000-0000-7000-8000-000000000005'
const deployments = [
  { deployment: ID, blueprint: 'orders' },
  { deployment: OTHER, blueprint: 'places' },
]

test('an id is taken as it is, without a question; a name is the Blueprint’s', async () => {
  const client = answering({ '/v1/deployments': { deployments } })
  expect(await deploymentNamed(client, ID)).toBe(ID)
  expect(client.asked).toEqual([])
  expect(await deploymentNamed(client, 'places')).toBe(OTHER)
})

test('a deployment of which the Runtime refused the only version is known by name as well', async () => {
  const refused = [deployments[1], { deployment: `${OTHER.slice(0, -1)}7`, blueprint: 'cells' }]
  const client = answering({ '/v1/deployments': { deployments, refused } })
  expect(await deploymentNamed(client, 'cells')).toBe(`${OTHER.slice(0, -1)}7`)
  expect(await deploymentNamed(client, 'places')).toBe(OTHER)
})

test('a name that nothing has is refused with the nearest, one that several have with their ids', async () => {
  const twice = [...deployments, { deployment: `${OTHER.slice(0, -1)}6`, blueprint: 'orders' }]
  const client = answering({ '/v1/deployments': { deployments: twice } })
  await expect(deploymentNamed(client, 'plces')).rejects.toThrow(
    'there is no deployment `plces` here; did you mean `places`?',
  )
  expect(await refusalOf(() => deploymentNamed(client, 'orders'))).toBe('cli.name_ambiguous')
  await expect(deploymentNamed(client, 'orders')).rejects.toThrow(ID)
})

test('a peer is named as its owner’s list names it', async () => {
  const runtime = 'rt_01890000-0000-7000-8000-000000000002'
  const peer = { runtime, name: 'cloud-01', fingerprint: 'f', bridgeHost: 'h', bridgePort: 1 }
  const client = answering({ '/v1/peers': { peers: [peer] } })
  expect(await peerNamed(client, 'cloud-01')).toBe(runtime)
  expect(await peerNamed(client, runtime)).toBe(runtime)
  expect(await refusalOf(() => peerNamed(client, 'cloud'))).toBe('cli.name_unknown')
})
