/** Who may do what with refused records and with what was stopped, by the API. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { DeadLetterJournal } from '../../../src/runtime/dead-letters/dead-letter-journal.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { DEPLOYMENT, plainAssignment } from '../../support/runtime/offers.ts'

let host: ManagementHost
const path = `/v1/deployments/${DEPLOYMENT}/dead-letters`
const tokens: Record<string, string> = {}

beforeAll(async () => {
  host = await managementHost()
  for (const role of ['owner', 'operator', 'viewer'] as const) tokens[role] = await host.tokenFor(role)
  const { state } = host
  const facts = { place: 'current', state: 'stopped', digest: 'd', signature: 's' } as const
  await state.assignments.keep(plainAssignment(), { ...facts, reasons: [{ code: 'owner.stopped' }] })
  const letters = await DeadLetterJournal.open({
    folder: join(state.folder, 'deployments', DEPLOYMENT, 'dead-letters'),
    key: await state.keyring.secretFor('dead-letters', DEPLOYMENT),
    bytesMax: 16_777_216,
    ...{ clock: systemClock, random: systemRandom },
  })
  const reason = { code: 'csv.not_int' }
  const letter = { component: 'orders', partition: 'in/a.csv', reason, form: '{"format":"json_lines"}' }
  await letters.add([1, 2, 3].map((position) => ({ ...letter, position, record: utf8(`geheim-${position}`) })))
  await letters.close()
})
afterAll(() => host[Symbol.asyncDispose]())

const ask = (role: string, method: string, where: string, body?: unknown) =>
  host.ask(method, where, { ...(tokens[role] !== undefined && { token: tokens[role] }), body })

test('what a record holds is shown to owners only, one at a time or in a list, and each look is in the trail', async () => {
  for (const where of [`${path}?records=true`, `${path}/2`]) {
    const refused = await ask('operator', 'GET', where)
    expect([refused.status, refused.body.code]).toEqual([403, 'account.role_too_low'])
    expect((await ask('owner', 'GET', where)).text).toContain(Buffer.from('geheim-2').toString('base64url'))
  }
  const listed = await ask('operator', 'GET', path)
  expect(listed.body.letters).toHaveLength(3)
  expect(listed.text).not.toContain('record"')
  expect((await ask('viewer', 'GET', path)).status).toBe(403)
  const { entries } = (await ask('owner', 'GET', '/v1/audit')).body as { entries: { action: string }[] }
  const actions = entries.map(({ action }) => action).filter((action) => /inspected$/.test(action))
  expect(actions.sort()).toEqual(['dead_letter.inspected', 'dead_letters.inspected'])
})

test('a component that is not there is refused by its name, in place of an answer that none was found', async () => {
  for (const [method, where, body] of [
    ['GET', `${path}?component=orderz`, undefined],
    ['POST', `${path}/drop`, { through: 3, component: 'orderz' }],
    ['POST', `${path}/replay`, { through: 3, component: 'orderz' }],
  ] as const) {
    const refused = await ask('operator', method, where, body)
    expect([refused.status, refused.body.code]).toEqual([404, 'dead_letter.component_unknown'])
    expect(refused.body.detail).toContain('did you mean orders?')
  }
  expect((await ask('operator', 'GET', `${path}?component=orders`)).body.letters).toHaveLength(3)
  // One that is there and has refused nothing.
  expect((await ask('operator', 'GET', `${path}?component=warehouse`)).body.letters).toEqual([])
})

test('nothing is done to all of them for want of a choice, and none can go through a flow that was stopped', async () => {
  for (const [act, body] of [
    ['drop', {}],
    ['replay', { code: 'csv.not_int' }],
    ['drop', { through: 2, numbers: [1] }],
  ]) {
    const refused = await ask('operator', 'POST', `${path}/${act}`, body)
    expect([refused.status, refused.body.code]).toEqual([400, 'dead_letter.none_chosen'])
  }
  const stopped = await ask('operator', 'POST', `${path}/replay`, { through: 3 })
  expect([stopped.status, stopped.body.code]).toEqual([409, 'deployment.not_running'])
  expect((await ask('viewer', 'POST', `${path}/drop`, { through: 3 })).status).toBe(403)
  expect((await ask('operator', 'GET', `${path}/counts`)).body.counts).toEqual([
    { component: 'orders', code: 'csv.not_int', count: 3 },
  ])
  expect((await ask('operator', 'POST', `${path}/drop`, { numbers: [2] })).body).toEqual({ dropped: 1 })
  expect((await ask('owner', 'GET', `${path}/2`)).body.code).toBe('dead_letter.not_found')
  expect((await ask('operator', 'GET', `${path}/counts`)).body.counts).toMatchObject([{ count: 2 }])
})

test('a replay of which nothing could come is refused with the reason', async () => {
  await host.state.assignments.setState(DEPLOYMENT, 1, 'stopped', [{ code: 'flow.ended' }])
  // `orders` is a source: nothing goes through it.
  const refused = await ask('operator', 'POST', `${path}/replay`, { through: 3 })
  expect([refused.status, refused.body.code]).toEqual([409, 'dead_letter.no_taker'])
  expect((await ask('owner', 'GET', `${path}/1`)).body.replaying).toBeUndefined()
  await host.state.assignments.setState(DEPLOYMENT, 1, 'stopped', [{ code: 'owner.stopped' }])
})

test('those that were chosen one by one are dropped by the page, once its blueprint’s name was typed', async () => {
  const cookie = await host.sessionFor('operator')
  const page = `/deployments/${DEPLOYMENT}/dead-letters/drop`
  const { text } = await host.ask('GET', `${page}?numbers=1&numbers=3`, { cookie })
  expect(text).toContain('Drop 2 refused records')
  const [, name = ''] = /It is <code>([^<]+)</.exec(text) ?? []
  const found = text.matchAll(/type="hidden" name="(\w+)" value="(\w+)"/g)
  const hidden = [...found].map(([, field = '', value = '']): [string, string] => [field, value])
  expect(hidden).toEqual([
    ['numbers', '1'],
    ['numbers', '3'],
  ])
  const send = (typed: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: ORIGIN, cookie }
    const body = new URLSearchParams([...hidden, ['typed', typed]]).toString()
    const request = new Request(`${ORIGIN}${page}`, { method: 'POST', headers, body })
    return host.app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
  }
  const wrong = await send('another')
  expect([wrong.status, (await wrong.text()).includes('Drop 2 refused records')]).toEqual([422, true])
  expect((await ask('operator', 'GET', `${path}/counts`)).body.counts).toMatchObject([{ count: 2 }])
  expect((await send(name)).status).toBe(303)
  expect((await ask('operator', 'GET', `${path}/counts`)).body.counts).toEqual([])
})

test('what was stopped here only an owner lets run again', async () => {
  const restart = `/v1/deployments/${DEPLOYMENT}/restart`
  expect((await ask('operator', 'POST', restart)).body.code).toBe('account.role_too_low')
  // Nobody is enrolled here, so its signature holds no more; but it was asked.
  expect((await ask('owner', 'POST', restart)).body.code).toBe('deployment.forbidden')
})
