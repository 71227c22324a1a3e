/** What src/wire promises alike on every host: signed messages, sealed assignments, enrolment. */
import assert from 'node:assert/strict'
import {
  assignmentInfo,
  assignmentPointers,
  exchanges,
  openDocument,
  sealDocument,
  signAssignment,
  verifyAssignment,
} from '../../src/wire/mod.ts'
import { c2Pair, refusalOf } from '../support/wire/c2-pair.ts'
import { DEPLOYMENT, RUNTIME, TENANT } from '../support/wire/parties.ts'
import { assignment, heartbeat } from '../support/wire/samples.ts'
import { smoke } from './harness.ts'

const about = { tenant: TENANT, runtime: RUNTIME, deployment: DEPLOYMENT, version: 1 }

smoke('a signed message is taken and answered, and the same one again is refused', async () => {
  const { caller, door, wire, taken } = await c2Pair()
  const answer = await caller.call(exchanges.heartbeat, heartbeat)
  assert.match(answer.time, /^2026-01-01T/)
  assert.equal(await refusalOf(door.receive(wire.asked[0] ?? '')), 'nonce')
  assert.equal(taken.length, 1)
})

smoke('a message with one bit flipped is refused, in its header, its payload or its signature', async () => {
  const pair = await c2Pair()
  await pair.caller.call(exchanges.heartbeat, heartbeat)
  const door = pair.restart()
  const [token = ''] = pair.wire.asked
  const flipped = (part: number): string => {
    const parts = token.split('.').map((text) => Buffer.from(text, 'base64url'))
    const bytes = parts[part] ?? assert.fail()
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    return parts.map((bytes) => bytes.toString('base64url')).join('.')
  }
  for (const part of [0, 1, 2]) await assert.rejects(door.receive(flipped(part)), { code: 'c2.refused' })
  assert.equal(await refusalOf(door.receive(flipped(1))), 'signature')
  assert.equal(pair.taken.length, 1)
  assert.notEqual(await door.receive(token), '')
})

smoke('a stranger and a message to another are refused', async () => {
  const pair = await c2Pair()
  const { stranger, runtime } = pair
  await assert.rejects(pair.callerOf(stranger).call(exchanges.heartbeat, heartbeat), { reason: 'key' })
  await assert.rejects(pair.callerOf(runtime, { to: stranger.id }).call(exchanges.heartbeat, heartbeat), {
    reason: 'recipient',
  })
})

smoke('an assignment is sealed field by field, opens at its Runtime, and its signature holds', async () => {
  const { tenant, runtime } = await c2Pair()
  const info = assignmentInfo(about)
  const sealing = { sender: tenant.agreement, recipient: runtime.agreement.publicKey, info }
  const { sealed } = await sealDocument(assignment, assignmentPointers(assignment), sealing)
  const secret = assignment.bridges[0]?.secret ?? assert.fail()
  assert.ok(!JSON.stringify(sealed).includes(secret))
  const opened = await openDocument(sealed, { recipient: runtime.agreement, sender: tenant.agreement.publicKey, info })
  assert.deepEqual(opened.document, assignment)
  const signature = await signAssignment(tenant.signing, assignment)
  await verifyAssignment(tenant.signing.publicKey, assignment, signature)
  const changed = { ...assignment, version: 2 }
  await assert.rejects(verifyAssignment(tenant.signing.publicKey, changed, signature))
})
