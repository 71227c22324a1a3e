/** One exchange of C2 over everything it stands on: caller, HTTPS under an authority of our own, door, signed answer. */
import assert from 'node:assert/strict'
import { type Bytes, base64url, fromUtf8, newId, systemClock, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  createAuthority,
  generateStoredKeyPair,
  importVerifyKey,
  issueLeaf,
  loadAuthority,
  loadSigningKey,
} from '../../src/crypto/mod.ts'
import { requestHttps, serveHttps } from '../../src/host/mod.ts'
import { type Caller, createCaller, createDoor, exchanges, handle, ReplayWindow } from '../../src/wire/mod.ts'
import { answersInMemory } from '../support/wire/parties.ts'
import { heartbeat } from '../support/wire/samples.ts'
import { smoke } from './harness.ts'

const [clock, random] = [systemClock, systemRandom]

async function party(prefix: 'ten' | 'rt') {
  const key = await loadSigningKey(await generateStoredKeyPair('sign'))
  return { self: { id: newId(prefix, clock, random), key }, verifyKey: await importVerifyKey(key.publicKey) }
}
type Party = Awaited<ReturnType<typeof party>>

function doorOf(tenant: Party, runtime: Party) {
  return createDoor({
    ...{ self: tenant.self, clock, random, incarnation: base64url(random(16)), startedAtMs: clock.now() },
    verifyKeyOf: async (from) => (from === runtime.self.id ? runtime.verifyKey : undefined),
    nonces: new ReplayWindow(clock),
    answers: answersInMemory(),
    handlers: [handle(exchanges.heartbeat, async () => ({ time: new Date(clock.now()).toISOString() }))],
  })
}

function callerOf(runtime: Party, tenant: Party, post: (token: string) => Promise<string>): Caller {
  return createCaller({
    ...{ self: runtime.self, to: tenant.self.id, post, incarnation: base64url(random(16)), clock, random },
    verifyKeyOf: async (kid) => (kid === tenant.self.key.kid ? tenant.verifyKey : undefined),
  })
}

smoke('a heartbeat goes over HTTPS and comes back as a signed answer; played again it is refused', async () => {
  const [tenant, runtime] = [await party('ten'), await party('rt')]
  const stored = await createAuthority({ name: 'smoke', clock, random })
  const names = { dnsNames: [], ipAddresses: ['127.0.0.1'], lifetimeMs: 60_000, clock }
  const tls = await issueLeaf(await loadAuthority(stored), names)
  const door = doorOf(tenant, runtime)
  const fetch = async (request: Request): Promise<Response> => {
    try {
      return new Response(await door.receive(await request.text()))
    } catch {
      return new Response('refused', { status: 400 })
    }
  }
  await using server = await serveHttps({ fetch, hostname: '127.0.0.1', port: 0, tls })
  const ask = (body: Bytes) =>
    requestHttps(`https://127.0.0.1:${server.port}/c2/v1/messages`, {
      ...{ method: 'POST', body, ca: [stored.certificatePem], timeoutMs: 5_000, bytesMax: 65_536 },
    })
  const sent: string[] = []
  const caller = callerOf(runtime, tenant, async (token) => {
    sent.push(token)
    return fromUtf8((await ask(utf8(token))).body)
  })
  const { time } = await caller.call(exchanges.heartbeat, heartbeat)
  assert.ok(Math.abs(Date.parse(time) - clock.now()) < 10_000)
  assert.equal((await ask(utf8(sent[0] ?? ''))).status, 400)
})
