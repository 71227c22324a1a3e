import { expect, test } from 'bun:test'
import { base64url } from '../../src/base/mod.ts'
import { C2AnswerRefused, createCaller, exchanges, MESSAGE_LIFETIME_MS } from '../../src/wire/mod.ts'
import { c2Pair, refusalOf } from '../support/wire/c2-pair.ts'
import { forge, headerOf } from '../support/wire/forge.ts'
import { STRANGER, seededRandom, TENANT } from '../support/wire/parties.ts'
import { heartbeat } from '../support/wire/samples.ts'

/** A caller whose answers pass through the hands of the test. */
async function tamperedCaller(
  tamper: (answer: string, pair: Awaited<ReturnType<typeof c2Pair>>) => Promise<string> | string,
) {
  const pair = await c2Pair()
  const tokens: string[] = []
  const offsets: number[] = []
  const caller = createCaller({
    self: { id: pair.runtime.id, key: pair.runtime.signing },
    to: TENANT,
    verifyKeyOf: async (kid) => (kid === pair.tenant.signing.kid ? pair.tenant.verifyKey : undefined),
    post: async (token) => {
      tokens.push(token)
      return tamper(await pair.door.receive(token), pair)
    },
    onClock: (offsetMs) => offsets.push(offsetMs),
    incarnation: base64url(new Uint8Array(16)),
    clock: pair.clock,
    random: seededRandom('caller'),
  })
  return { ...pair, caller, tokens, offsets }
}

test.each([
  [
    'an answer to another id',
    { re: { id: 'msg_01890000-0000-7000-8000-00000000000b', digest: 'A'.repeat(43) } },
    'answers_another',
  ],
  ['an answer of another type', { typ: 'ping-answer+sluice' }, 'type'],
  ['a question in place of an answer', { re: undefined }, 'form'],
  ['an answer to somebody else', { to: STRANGER }, 'recipient'],
  ['an answer of somebody else', { from: STRANGER }, 'key'],
])('call() refuses %s', async (_, changes, reason) => {
  const { caller } = await tamperedCaller((answer, { tenant }) => forge(tenant.signing, answer, changes))
  expect(await refusalOf(caller.call(exchanges.heartbeat, heartbeat))).toBe(reason)
})

test('call() refuses an answer that is signed by another key, expired, wrongly typed inside, or no message at all', async () => {
  const stranger = await tamperedCaller((answer, pair) => forge(pair.stranger.signing, answer, {}))
  expect(await refusalOf(stranger.caller.call(exchanges.heartbeat, heartbeat))).toBe('signature')
  const late = await tamperedCaller((answer, { clock }) => {
    clock.advance(MESSAGE_LIFETIME_MS)
    return answer
  })
  expect(await refusalOf(late.caller.call(exchanges.heartbeat, heartbeat))).toBe('time')
  const odd = await tamperedCaller((answer, { tenant }) => forge(tenant.signing, answer, {}, { time: 'noon' }))
  expect(await refusalOf(odd.caller.call(exchanges.heartbeat, heartbeat))).toBe('payload')
  const page = await tamperedCaller(() => '<html>welcome to the proxy</html>')
  await expect(page.caller.call(exchanges.heartbeat, heartbeat)).rejects.toBeInstanceOf(C2AnswerRefused)
})

test('call() refuses the answer to an earlier attempt of the same message', async () => {
  let earlier: string | undefined
  const { caller } = await tamperedCaller((answer) => {
    earlier ??= answer
    return earlier
  })
  const id = 'msg_01890000-0000-7000-8000-00000000000b'
  await caller.call(exchanges.heartbeat, heartbeat, { id })
  expect(await refusalOf(caller.call(exchanges.heartbeat, heartbeat, { id }))).toBe('answers_another')
})

test('call() asks again after a lost answer under the same id, with a fresh nonce, and the other side acts once', async () => {
  let lost = 2
  const { caller, tokens, taken, clock } = await tamperedCaller((answer) => {
    if (lost-- > 0) throw new RangeError('the connection broke')
    return answer
  })
  const before = clock.now()
  await caller.call(exchanges.heartbeat, heartbeat, { attemptsMax: 3 })
  expect(clock.now()).toBeGreaterThan(before)
  const headers = tokens.map(headerOf)
  expect(new Set(headers.map((header) => header['id'])).size).toBe(1)
  expect(new Set(headers.map((header) => header['nonce'])).size).toBe(3)
  expect(taken).toHaveLength(1)
})

test('call() counts its sequence up and throws the last failure when the attempts are used up', async () => {
  const { caller, tokens } = await tamperedCaller((answer) => answer)
  await caller.call(exchanges.heartbeat, heartbeat)
  await caller.call(exchanges.heartbeat, heartbeat)
  expect(tokens.map((token) => headerOf(token)['seq'])).toEqual([0, 1])
  const down = await tamperedCaller(() => {
    throw new RangeError('nobody there')
  })
  await expect(down.caller.call(exchanges.heartbeat, heartbeat, { attemptsMax: 2 })).rejects.toThrow('nobody there')
  expect(down.tokens).toHaveLength(2)
})

test('call() does not send a message that no receiver would take', async () => {
  const { caller, tokens } = await tamperedCaller((answer) => answer)
  const entry = {
    at: '2026-01-01T00:00:00Z',
    deployment: heartbeat.deployments[0]?.deployment ?? 'dep_x',
    level: 'info' as const,
    template: 'a'.repeat(96),
    fields: {},
  }
  const entries = Array.from({ length: 8_000 }, () => entry) as never
  await expect(caller.call(exchanges.auditLogs, { first: 1, entries })).rejects.toHaveProperty(
    'code',
    'c2.message_too_large',
  )
  expect(tokens).toEqual([])
})

test('call() tells how far the other clock is from ours, half of the way there and back set aside, and by sound answers only', async () => {
  const ahead = await tamperedCaller(async (answer, { tenant, clock }) => {
    const issuedAt = clock.now() + 2_000
    const later = await forge(tenant.signing, answer, { iat: issuedAt, exp: issuedAt + MESSAGE_LIFETIME_MS })
    clock.advance(400)
    return later
  })
  await ahead.caller.call(exchanges.heartbeat, heartbeat)
  expect(ahead.offsets).toEqual([1_800])
  const forged = await tamperedCaller((answer, pair) => forge(pair.stranger.signing, answer, {}))
  expect(await refusalOf(forged.caller.call(exchanges.heartbeat, heartbeat))).toBe('signature')
  expect(forged.offsets).toEqual([])
})
