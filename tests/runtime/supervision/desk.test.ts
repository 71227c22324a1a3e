import { expect, test } from 'bun:test'
import { base64url } from '../../../src/base/mod.ts'
import type { HandshakeClient } from '../../../src/bridge/mod.ts'
import type { CheckpointStore } from '../../../src/runtime/state/checkpoints.ts'
import { deskFor } from '../../../src/runtime/supervision/desk.ts'
import { workerStart } from '../../../src/runtime/supervision/worker-start.ts'
import { refusalOf } from '../../support/refusal.ts'
import { BRIDGE, DEPLOYMENT } from '../../support/wire/parties.ts'
import { assignment, PEM } from '../../support/wire/samples.ts'

const keys = {
  ...{ send: new Uint8Array(32), receive: new Uint8Array(32) },
  ...{ handshakeHash: new Uint8Array(32), chainingKey: new Uint8Array(32) },
}
const handshakes: HandshakeClient = {
  begin: async () => ({ session: 'begun', message: new Uint8Array(81) }),
  answer: async () => ({ message: new Uint8Array(81), keys }),
  finish: async () => keys,
}

function desk(assigned = assignment) {
  const saved: string[] = []
  const checkpoints = {
    load: async (deployment: string, component: string) => new Map([[`${deployment} ${component}`, 1]]),
    save: async (deployment: string, component: string) => void saved.push(`${deployment} ${component}`),
  } as unknown as CheckpointStore
  const credential = async (name: string) => ({ password: `of ${name}` })
  const answers = deskFor(assigned, { checkpoints, handshakes, credential, credentials: new Set(['warehouse']) })
  return { answers, saved }
}

test('a worker gets the credentials that its assignment names, and no others', async () => {
  const { answers } = desk()
  expect(await answers.credential({ credential: 'warehouse' })).toEqual({ secret: { password: 'of warehouse' } })
  expect(await refusalOf(() => answers.credential({ credential: 'payroll' }))).toBe('worker.forbidden')
})

test('a worker moves the checkpoints of its own components only', async () => {
  const { answers, saved } = desk()
  await answers['checkpoints-save']({ component: 'orders', positions: [['a', 1]] })
  expect(saved).toEqual([`${DEPLOYMENT} orders`])
  expect(await refusalOf(() => answers['checkpoints-load']({ component: 'other' }))).toBe('worker.forbidden')
})

test('a worker keeps for an inbound bridge that its sender has ended, and nothing for an outbound one', async () => {
  for (const direction of ['in', 'out'] as const) {
    const bridges = assignment.bridges.map((bridge) => ({ ...bridge, direction, from: 'remote' }))
    const { answers, saved } = desk({ ...assignment, bridges })
    const asked = refusalOf(() => answers['checkpoints-save']({ component: 'remote', positions: [[BRIDGE, 1]] }))
    expect(await asked).toBe(direction === 'in' ? 'nothing' : 'worker.forbidden')
    expect(saved).toEqual(direction === 'in' ? [`${DEPLOYMENT} remote`] : [])
  }
})

test('a worker shakes hands for its own bridges, and finishes only what it began, once', async () => {
  const { answers } = desk()
  const other = `${BRIDGE.slice(0, -1)}9` as typeof BRIDGE
  expect(await refusalOf(() => answers['handshake-begin']({ bridge: other }))).toBe('worker.forbidden')
  expect(await refusalOf(() => answers['handshake-answer']({ bridge: other, message: '' }))).toBe('worker.forbidden')
  const finish = { session: 'begun', message: base64url(new Uint8Array(81)) }
  expect(await refusalOf(() => answers['handshake-finish'](finish))).toBe('worker.forbidden')
  await answers['handshake-begin']({ bridge: BRIDGE })
  expect((await answers['handshake-finish'](finish)).keys.send).toBe(base64url(keys.send))
  expect(await refusalOf(() => answers['handshake-finish'](finish))).toBe('worker.forbidden')
})

test('what a worker is given at its start holds no shared secret of a bridge', async () => {
  const secret = assignment.bridges[0]?.secret ?? ''
  const start = await workerStart(assignment, {
    files: '/srv',
    data: '/srv/data',
    fileRoots: ['in'],
    peers: { find: async () => ({ authority: PEM }) } as never,
    code: { find: async () => undefined } as never,
    leaf: async () => ({ certificatePem: PEM, privateKeyPem: '' }),
    deadLetters: async () => ({ folder: '/srv/letters', key: new Uint8Array(32) }),
  })
  expect(JSON.stringify(start)).not.toContain(secret)
  expect(start.roots).toEqual(['in'])
  expect(start.bridges[0]).toMatchObject({ bridge: BRIDGE, peerAuthority: PEM, address: { host: 'cloud.example' } })
})

test('a worker is not started for a peer that the owner took back', async () => {
  const deps = {
    files: '/srv',
    data: '/srv/data',
    fileRoots: 'any' as const,
    peers: { find: async () => undefined } as never,
    code: { find: async () => undefined } as never,
    leaf: async () => ({ certificatePem: PEM, privateKeyPem: '' }),
    deadLetters: async () => ({ folder: '/srv/letters', key: new Uint8Array(32) }),
  }
  expect(await refusalOf(() => workerStart(assignment, deps))).toBe('peer.not_found')
})
