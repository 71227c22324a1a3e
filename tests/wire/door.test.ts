import { describe, expect, test } from 'bun:test'
import { base64url, canonicalJson, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  C2Refused,
  CLOCK_AHEAD_MS,
  exchanges,
  handle,
  MESSAGE_BYTES_MAX,
  MESSAGE_LIFETIME_MS,
} from '../../src/wire/mod.ts'
import { c2Pair, refusalOf } from '../support/wire/c2-pair.ts'
import { forge, forgeText, headerOf, payloadOf } from '../support/wire/forge.ts'
import { STRANGER, T0 } from '../support/wire/parties.ts'
import { heartbeat } from '../support/wire/samples.ts'

/** A pair after one honest heartbeat, with its token. */
async function pairWithToken() {
  const pair = await c2Pair()
  await pair.caller.call(exchanges.heartbeat, heartbeat)
  const token = pair.wire.asked[0] ?? ''
  const nonce = () => base64url(systemRandom(16))
  return { ...pair, token, nonce, door: pair.door, restart: pair.restart }
}

const freshId = 'msg_01890000-0000-7000-8000-00000000ffff'

describe('order of refusal', () => {
  test('a message beyond the size bound is refused before anything of it is read', async () => {
    const { door } = await c2Pair()
    expect(await refusalOf(door.receive('a'.repeat(MESSAGE_BYTES_MAX + 1)))).toBe('size')
    expect(await refusalOf(door.receive('a'.repeat(MESSAGE_BYTES_MAX)))).toBe('form')
  })

  test.each(['', '.', '..', 'a.b', 'a.b.c.d', 'a.b.c', 'e30.e30.e30', '{}', 'a b.c.d', '=.=.='])(
    'what is not one compact JWS is refused: %p',
    async (token) => {
      const { door } = await c2Pair()
      expect(await refusalOf(door.receive(token))).toBe('form')
    },
  )

  test.each([
    ['a member more', { crit: [] }],
    ['a second key', { jwk: {} }],
    ['b64 off', { b64: false }],
    ['an answer’s member in a question', { re: { id: freshId, digest: 'A'.repeat(43) } }],
    ['no nonce', { nonce: undefined }],
    ['no sequence', { seq: undefined }],
    ['another algorithm', { alg: 'none' }],
    ['another suite', { suite: 'S0' }],
    ['a nonce of another length', { nonce: 'AAAA' }],
    ['a time that is no whole number', { iat: T0 + 0.5 }],
    ['a sender that is no id', { from: 'factory' }],
  ])('a header with %s is refused though its signature holds', async (_, changes) => {
    const { door, runtime, token, nonce } = await pairWithToken()
    expect(await refusalOf(door.receive(await forge(runtime.signing, token, { nonce: nonce(), ...changes })))).toBe(
      'form',
    )
  })

  test('a header that names a member twice, or is not in canonical form, is refused', async () => {
    const { door, runtime, token } = await pairWithToken()
    const header = canonicalJson(headerOf(token))
    const twice = header.replace('{', '{"to":"ten_01890000-0000-7000-8000-0000000000aa",')
    const payload = JSON.stringify(payloadOf(token))
    expect(await refusalOf(door.receive(await forgeText(runtime.signing, twice, payload)))).toBe('form')
    expect(await refusalOf(door.receive(await forgeText(runtime.signing, `${header} `, payload)))).toBe('form')
  })

  test('a signature in another spelling of the same bytes is refused as form', async () => {
    const { door, token } = await pairWithToken()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 64 bytes leave four loose bits in the last character.
    const last = alphabet.indexOf(token.at(-1) ?? '')
    const spelt = `${token.slice(0, -1)}${alphabet[last ^ 1]}`
    expect(await refusalOf(door.receive(spelt))).toBe('form')
  })

  test('an unknown key, a known key of another sender, and a stranger who names himself are refused alike', async () => {
    const { door, runtime, stranger, token, nonce } = await pairWithToken()
    const asStranger = { from: STRANGER, kid: stranger.signing.kid, nonce: nonce() }
    expect(await refusalOf(door.receive(await forge(stranger.signing, token, asStranger)))).toBe('key')
    const borrowed = { from: STRANGER, nonce: nonce() }
    expect(await refusalOf(door.receive(await forge(runtime.signing, token, borrowed)))).toBe('key')
  })

  test('a message to somebody else is refused before its signature is looked at', async () => {
    const { door, stranger, token } = await pairWithToken()
    const misdirected = await forge(stranger.signing, token, { to: STRANGER })
    expect(await refusalOf(door.receive(misdirected))).toBe('recipient')
  })

  test('a signature by another key under a known key id is refused', async () => {
    const { door, stranger, token, nonce } = await pairWithToken()
    expect(await refusalOf(door.receive(await forge(stranger.signing, token, { nonce: nonce() })))).toBe('signature')
  })

  test('a payload changed after signing is refused and its sender’s nonce stays unused', async () => {
    const { door, caller, clock, wire } = await c2Pair()
    clock.advance(1)
    await caller.call(exchanges.heartbeat, heartbeat)
    const [head, , signature] = (wire.asked[0] ?? '').split('.')
    const altered = `${head}.${base64url(utf8(JSON.stringify({ ...heartbeat, leaving: true })))}.${signature}`
    expect(await refusalOf(door.receive(altered))).toBe('signature')
  })

  test.each([
    ['one that came after its end', { iat: T0 - MESSAGE_LIFETIME_MS, exp: T0 }, 'time'],
    ['one from beyond the allowance for clocks', { iat: T0 + CLOCK_AHEAD_MS + 1, exp: T0 + 30_000 }, 'time'],
    ['one that would live too long', { exp: T0 + MESSAGE_LIFETIME_MS + 1 }, 'time'],
    ['one that ends before it begins', { iat: T0 + 2_000, exp: T0 + 1_000 }, 'time'],
    ['one signed before this process started', { iat: T0 - 1 }, 'time'],
    ['one just within the allowance', { iat: T0 + CLOCK_AHEAD_MS, exp: T0 + 30_000 }, undefined],
  ])('times: %s', async (_, times, reason) => {
    const { door, runtime, token, nonce } = await pairWithToken()
    expect(await refusalOf(door.receive(await forge(runtime.signing, token, { nonce: nonce(), ...times })))).toBe(
      reason,
    )
  })

  test('a captured message is refused by its nonce, and after a restart by its time', async () => {
    const { door, clock, taken, token, restart } = await pairWithToken()
    expect(await refusalOf(door.receive(token))).toBe('nonce')
    clock.advance(1_000)
    expect(await refusalOf(restart().receive(token))).toBe('time')
    expect(taken).toHaveLength(1)
  })

  test('a payload that its schema does not know is refused only after everything else held', async () => {
    const { door, runtime, token, nonce, taken } = await pairWithToken()
    const odd = { nonce: nonce(), id: freshId }
    expect(await refusalOf(door.receive(await forge(runtime.signing, token, odd, { ...heartbeat, extra: 1 })))).toBe(
      'payload',
    )
    const header = canonicalJson({ ...headerOf(token), nonce: nonce(), id: freshId })
    expect(await refusalOf(door.receive(await forgeText(runtime.signing, header, '['.repeat(200_000))))).toBe('payload')
    expect(taken).toHaveLength(1)
  })

  test('a type that this door does not answer is refused, an answer’s type among them', async () => {
    const { door, runtime, token, nonce } = await pairWithToken()
    for (const typ of ['deployment+sluice', 'heartbeat-answer+sluice', 'assignment+sluice', 'peer-introduction+sluice'])
      expect(await refusalOf(door.receive(await forge(runtime.signing, token, { typ, nonce: nonce() })))).toBe('type')
  })
})

describe('one effect for each id', () => {
  test('the same id and content again gets the stored answer, freshly signed, and no second effect', async () => {
    const { door, caller, clock, taken, wire } = await c2Pair()
    const id = 'msg_01890000-0000-7000-8000-00000000000a'
    const first = await caller.call(exchanges.heartbeat, heartbeat, { id })
    clock.advance(5_000)
    expect(await caller.call(exchanges.heartbeat, heartbeat, { id })).toEqual(first)
    expect(taken).toEqual([id])
    expect(wire.answered[0]).not.toBe(wire.answered[1])
    expect(door).toBeDefined()
  })

  test('the stored answer outlives a restart of the process', async () => {
    const pair = await c2Pair()
    const id = 'msg_01890000-0000-7000-8000-00000000000a'
    const first = await pair.caller.call(exchanges.heartbeat, heartbeat, { id })
    pair.clock.advance(5_000)
    pair.restart()
    expect(await pair.caller.call(exchanges.heartbeat, heartbeat, { id })).toEqual(first)
    expect(pair.taken).toEqual([id])
  })

  test('the same id with other content, or another type, is refused', async () => {
    const { door, runtime, token, nonce, taken } = await pairWithToken()
    const other = await forge(runtime.signing, token, { nonce: nonce() }, { ...heartbeat, uptimeMs: 1 })
    expect(await refusalOf(door.receive(other))).toBe('id_reused')
    const logs = {
      first: 1,
      entries: [
        {
          at: '2026-01-01T00:00:00Z',
          deployment: heartbeat.deployments[0]?.deployment,
          level: 'info',
          template: 'a.b',
          fields: {},
        },
      ],
    }
    const retyped = await forge(runtime.signing, token, { nonce: nonce(), typ: 'audit-logs+sluice' }, logs)
    expect(await refusalOf(door.receive(retyped))).toBe('id_reused')
    expect(taken).toHaveLength(1)
  })

  test('two attempts at one message that arrive together have one effect', async () => {
    const { caller, taken } = await c2Pair()
    const id = 'msg_01890000-0000-7000-8000-00000000000a'
    const call = () => caller.call(exchanges.heartbeat, heartbeat, { id })
    const [one, two] = await Promise.all([call(), call()])
    expect(one).toEqual(two)
    expect(taken).toEqual([id])
  })

  test('what a handler throws comes through, is not kept, and the next attempt is tried again', async () => {
    const pair = await c2Pair()
    await pair.caller.call(exchanges.heartbeat, heartbeat)
    let calls = 0
    const door = pair.doorWith([
      handle(exchanges.heartbeat, async () => {
        if (++calls === 1) throw new RangeError('the disk is full')
        return { time: '2026-01-01T00:00:00.000Z' }
      }),
    ])
    const again = (nonce: string) => forge(pair.runtime.signing, pair.wire.asked[0] ?? '', { id: freshId, nonce })
    await expect(door.receive(await again('A'.repeat(22)))).rejects.toThrow('the disk is full')
    await door.receive(await again('B'.repeat(22)))
    expect(calls).toBe(2)
  })
})

test('every refusal looks the same from outside', async () => {
  const { door, runtime, token, nonce } = await pairWithToken()
  const refusals = ['x', token, await forge(runtime.signing, token, { nonce: nonce(), to: STRANGER })]
  const seen = new Set<string>()
  for (const refused of refusals) {
    const error = await door.receive(refused).catch((thrown: unknown) => thrown)
    if (!(error instanceof C2Refused)) throw error
    seen.add(`${error.code} ${error.kind} ${error.message} ${error.advice}`)
  }
  expect(seen.size).toBe(1)
})
