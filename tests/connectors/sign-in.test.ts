import { expect, test } from 'bun:test'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { SiteFailed, SiteRefused } from '../../src/connectors/errors.ts'
import { type SignInContext, signIn } from '../../src/connectors/http/sign-in.ts'
import { signedToken } from '../../src/connectors/http/signed-token.ts'
import type { SiteClient } from '../../src/connectors/http/site-client.ts'
import { frozenClock } from '../support/frozen-clock.ts'

const HOUR = 3_600_000
const door: SiteClient = { ask: () => Promise.reject(new SiteFailed('nobody is asked here')), aheadMs: () => 0 }

function signing(given: { lifetimeMs?: number; fail?: (context: SignInContext) => Error | undefined } = {}) {
  const clock = frozenClock(Date.UTC(2026, 0, 2))
  const state = { aheadMs: 0, made: [] as number[] }
  const who = signIn({
    ...{ door, clock, aheadMs: () => state.aheadMs, secret: async () => ({ password: 'p' }) },
    async make(context) {
      state.made.push(context.nowMs - clock.now())
      const failure = given.fail?.(context)
      if (failure) throw failure
      return {
        headers: { authorization: `n${state.made.length}` },
        untilMs: context.nowMs + (given.lifetimeMs ?? HOUR),
      }
    },
  })
  return { clock, state, who }
}

test('a sign-in is kept until a minute before its end, and forgotten when the site refuses it', async () => {
  const { clock, state, who } = signing()
  await who.headers()
  clock.advance(HOUR - 61_000)
  expect(await who.headers()).toEqual({ authorization: 'n1' })
  clock.advance(1_000)
  expect(await who.headers()).toEqual({ authorization: 'n2' })
  who.forget()
  expect(await who.headers()).toEqual({ authorization: 'n3' })
  expect(state.made).toHaveLength(3)
})

test('what is refused is signed once more by the clock that the refusal told of, unless that is a day off', async () => {
  const skewed = (aheadMs: number, failure: Error = new SiteRefused('400')) => {
    const it = signing({ fail: ({ nowMs }) => (nowMs === it.clock.now() ? told() : undefined) })
    const told = () => {
      it.state.aheadMs = aheadMs
      return failure
    }
    return it
  }
  const off = skewed(2 * HOUR)
  await off.who.headers()
  expect(off.state.made).toEqual([0, 2 * HOUR])
  const seconds = skewed(20_000)
  expect(await seconds.who.headers().catch(({ code }) => code)).toBe('connector.site_refused')
  const days = skewed(25 * HOUR)
  expect(await days.who.headers().catch(({ code }) => code)).toBe('connector.site_refused')
  const down = skewed(2 * HOUR, new SiteFailed('503'))
  expect(await down.who.headers().catch(({ code }) => code)).toBe('connector.site_failed')
  expect([seconds, days, down].map(({ state }) => state.made)).toEqual([[0], [0], [0]])
})

test('a token is signed by the algorithm that was asked for, and a key that does not fit is not repeated', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const token = await signedToken(pem, { algorithm: 'ES256', keyId: 'k', claims: { iss: 'me' } })
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'k' })
  expect((await jwtVerify(token, createPublicKey(pem))).payload).toEqual({ iss: 'me' })
  for (const key of ['', 'hush', pem.replaceAll('A', 'B')]) {
    const error = await signedToken(key, { algorithm: 'RS256', claims: {} }).catch((failure) => failure)
    expect([error.code, error.cause, error.message.includes('hush')]).toEqual([
      'connector.credential_unfit',
      undefined,
      false,
    ])
  }
  const wrongKind = await signedToken(pem, { algorithm: 'RS256', claims: {} }).catch(({ code }) => code)
  expect(wrongKind).toBe('connector.credential_unfit')
})
