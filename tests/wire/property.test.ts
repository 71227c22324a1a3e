import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { base64url } from '../../src/base/mod.ts'
import { exchanges, MESSAGE_LIFETIME_MS } from '../../src/wire/mod.ts'
import { c2Pair, type Pair, refusalOf } from '../support/wire/c2-pair.ts'
import { forge, headerOf } from '../support/wire/forge.ts'
import { STRANGER } from '../support/wire/parties.ts'
import { heartbeat } from '../support/wire/samples.ts'

/** What may be done to a genuine token; `waitMs` passes before the result is played to the door. */
type Attack = { name: string; waitMs: number; restart: boolean; play(pair: Pair, token: string): Promise<string> }

const altered = fc.record({ at: fc.nat(), to: fc.nat(63) }).map(
  ({ at, to }): Omit<Attack, 'waitMs' | 'restart'> => ({
    name: 'altered',
    play: async (_, token) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const place = at % token.length
      const other = alphabet[to] === token[place] ? '.' : (alphabet[to] ?? '.')
      return token.slice(0, place) + other + token.slice(place + 1)
    },
  }),
)
const freshNonce = () => base64url(crypto.getRandomValues(new Uint8Array(16)))
const named = (name: string, play: Attack['play']) => fc.constant({ name, play })
const attacks = fc.oneof(
  altered,
  named('replayed', async (_, token) => token),
  named('cut', async (_, token) => token.slice(0, -1)),
  named('misdirected', (pair, token) => forge(pair.runtime.signing, token, { to: STRANGER, nonce: freshNonce() })),
  named('by a stranger', (pair, token) => forge(pair.stranger.signing, token, { nonce: freshNonce() })),
  named('as a stranger', (pair, token) =>
    forge(pair.stranger.signing, token, { from: STRANGER, kid: pair.stranger.signing.kid, nonce: freshNonce() }),
  ),
  named('retyped', (pair, token) => forge(pair.runtime.signing, token, { typ: 'status+sluice', nonce: freshNonce() })),
  named('an answer', async (pair) => pair.wire.answered[0] ?? ''),
  named('wrong payload', (pair, token) =>
    forge(pair.runtime.signing, token, { nonce: freshNonce() }, { ...heartbeat, uptimeMs: -1 }),
  ),
  named('another content', (pair, token) =>
    forge(pair.runtime.signing, token, { nonce: freshNonce() }, { ...heartbeat, leaving: true }),
  ),
  fc.integer({ min: 5_001, max: 10 ** 9 }).chain((ms) =>
    named('early', (pair, token) => {
      const iat = pair.clock.now() + ms
      return forge(pair.runtime.signing, token, { iat, exp: iat + 1_000, nonce: freshNonce() })
    }),
  ),
  fc.integer({ min: 0, max: 10 ** 9 }).chain((ms) =>
    named('late', (pair, token) => {
      const exp = pair.clock.now() - ms
      return forge(pair.runtime.signing, token, { iat: exp - 1_000, exp, nonce: freshNonce() })
    }),
  ),
)

test('nothing altered, late, early, replayed, misdirected or wrongly typed is ever taken, a restart in between included', async () => {
  const anyAttack: fc.Arbitrary<Attack> = fc
    .record({ attack: attacks, waitMs: fc.integer({ min: 1, max: 2 * MESSAGE_LIFETIME_MS }), restart: fc.boolean() })
    .map(({ attack, ...rest }) => ({ ...attack, ...rest }))
  await fc.assert(
    fc.asyncProperty(fc.array(anyAttack, { minLength: 1, maxLength: 12 }), async (played) => {
      const pair = await c2Pair()
      await pair.caller.call(exchanges.heartbeat, heartbeat)
      const token = pair.wire.asked[0] ?? ''
      for (const attack of played) {
        pair.clock.advance(attack.waitMs)
        if (attack.restart) pair.restart()
        const message = await attack.play(pair, token)
        expect(await refusalOf(pair.door.receive(message))).toBeDefined()
      }
      expect(pair.taken).toHaveLength(1)
      // The honest Runtime is not harmed by any of it.
      await pair.caller.call(exchanges.heartbeat, heartbeat)
      expect(pair.taken).toHaveLength(2)
    }),
    { numRuns: 60 },
  )
}, 20_000)

test('every message is unlike every other: ids and nonces never repeat', async () => {
  const pair = await c2Pair()
  for (let i = 0; i < 50; i++) await pair.caller.call(exchanges.heartbeat, heartbeat)
  const headers = pair.wire.asked.map(headerOf)
  for (const member of ['id', 'nonce', 'seq']) expect(new Set(headers.map((header) => header[member])).size).toBe(50)
})
