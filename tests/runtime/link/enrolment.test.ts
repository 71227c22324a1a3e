import { afterEach, beforeEach, expect, test } from 'bun:test'
import { base64url, Cancelled, logOf, rfc3339, systemClock } from '../../../src/base/mod.ts'
import { HostUnreachable } from '../../../src/host/mod.ts'
import { Enrolment } from '../../../src/runtime/link/enrolment.ts'
import type { PlatformLink } from '../../../src/runtime/link/platform-link.ts'
import { resumeEnrolment } from '../../../src/runtime/regular-tasks.ts'
import { EnrolmentRecord } from '../../../src/runtime/state/enrolment.ts'
import { encodeEnrolmentCode, openEnrolmentRequest, sealEnrolmentAnswer } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { settled } from '../../support/runtime/fake-worker.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock, type Party, party, RUNTIME, T0, TENANT } from '../../support/wire/parties.ts'
import { inventory, PEM } from '../../support/wire/samples.ts'

let folder: TemporaryFolder
let record: EnrolmentRecord
let close: () => void
let tenant: Party
let runtime: Party
/** What happened to links, in order. */
let links: string[]
const clock = new FakeClock()

beforeEach(async () => {
  folder = memoryFolder()
  const stores = await testStores(folder.path, clock)
  close = () => stores.db.close()
  record = new EnrolmentRecord({ db: stores.db, key: stores.key, clock })
  tenant = await party(TENANT, 'tenant')
  runtime = await party(RUNTIME, 'runtime')
  links = []
})
afterEach(() => {
  close()
  folder[Symbol.dispose]()
})

function code(): string {
  return encodeEnrolmentCode({
    ...{ v: 1, platform: 'https://platform.example/', tenant: TENANT, signingKid: tenant.signing.kid },
    ...{ agreementKey: base64url(tenant.agreement.publicKey), secret: base64url(new Uint8Array(32)) },
    expires: rfc3339(T0 + 3_600_000),
  })
}

/** The Platform answers each request once the test says so. */
type Enrolling = { ignoresSignal?: boolean; onEnrolled?: () => Promise<void>; isDown?: () => boolean }

function enrolling(options: Enrolling = {}) {
  const closing = new AbortController()
  const asked: (() => void)[] = []
  const { challenge: _challenge, ...manifest } = inventory
  const enrolment = new Enrolment({
    ...{ record, signing: runtime.signing, agreement: runtime.agreement, clock, name: 'factory-01' },
    closing: closing.signal,
    describe: async () => ({
      ...{ managementUrl: 'https://factory.example:8752', bridgePort: 32_100, authority: PEM, version: '0.1.0' },
      inventory: manifest,
    }),
    post: async (_address, _door, { body, signal }) => {
      if (options.isDown?.()) throw new HostUnreachable('the Platform is down')
      await new Promise<void>((resolve, reject) => {
        asked.push(resolve)
        if (!options.ignoresSignal) signal?.addEventListener('abort', () => reject(new Cancelled('broken off')))
      })
      return answered(body)
    },
    link: () => {
      const link = { start: () => links.push('start'), close: async () => void links.push('close') }
      return link as unknown as PlatformLink
    },
    onLink: () => links.push('tell'),
    onEnrolled: options.onEnrolled ?? (async () => undefined),
  })
  return { enrolment, closing, asked }
}

async function answered(body: string): Promise<string> {
  const { request, digest } = await openEnrolmentRequest(body, { tenant: TENANT, agreement: tenant.agreement })
  const recipient = Uint8Array.from(Buffer.from(request.agreementKey, 'base64url'))
  return sealEnrolmentAnswer(
    {
      ...{ runtime: RUNTIME, tenant: TENANT, tenantName: 'Example', heartbeatIntervalMs: 10_000 },
      signingKey: base64url(tenant.signing.publicKey),
      agreementKey: base64url(tenant.agreement.publicKey),
    },
    { key: tenant.signing, agreement: tenant.agreement, recipient, digest },
  )
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settled()
}

test('an enrolment that ends after the stop began keeps its registration and opens no link', async () => {
  const { enrolment, closing, asked } = enrolling({ ignoresSignal: true })
  const enrolled = enrolment.enrol(code(), 'user:owner')
  await until(() => asked.length === 1)
  closing.abort()
  let ended = false
  const closed = enrolment.close().then(() => {
    ended = true
  })
  await settled()
  expect(ended).toBe(false)
  asked[0]?.()
  await Promise.all([enrolled, closed])
  expect(links).toEqual([])
  expect((await record.registration())?.runtime).toBe(RUNTIME)
})

test('a stop breaks off an enrolment under way, which the next start resumes', async () => {
  const first = enrolling()
  const enrolled = refusalOf(() => first.enrolment.enrol(code(), 'user:owner'))
  await until(() => first.asked.length === 1)
  first.closing.abort()
  await first.enrolment.close()
  expect(await enrolled).toBe('internal.cancelled')
  expect(await refusalOf(() => first.enrolment.enrol(code(), 'user:owner'))).toBe('internal.cancelled')
  const next = enrolling()
  const resumed = next.enrolment.resume()
  await until(() => next.asked.length === 1)
  next.asked[0]?.()
  expect(await resumed).toBe(true)
  await next.enrolment.close()
  expect(links).toEqual(['start', 'tell', 'close'])
})

test('an enrolment that fails while the Runtime runs is gone on with until there is a link', async () => {
  let isDown = true
  let looks = 0
  const { enrolment, closing, asked } = enrolling({ isDown: () => isDown })
  const sleep = async (_ms: number, signal?: AbortSignal): Promise<void> => {
    looks++
    await settled()
    if (signal?.aborted) throw new Cancelled('the test is over')
  }
  const regular = { clock: { ...systemClock, sleep }, signal: closing.signal, log: logOf('test') }
  const resumed = resumeEnrolment(enrolment, record, regular)
  await until(() => looks > 2)
  expect(await refusalOf(() => enrolment.enrol(code(), 'user:owner'))).toBe('host.unreachable')
  const before = looks
  await until(() => looks > before + 2)
  isDown = false
  await until(() => asked.length === 1)
  asked[0]?.()
  await resumed
  expect(links).toEqual(['start', 'tell'])
  expect((await record.registration())?.runtime).toBe(RUNTIME)
})

test('an enrolment that cannot be written into the trail has its link all the same', async () => {
  const onEnrolled = () => Promise.reject(new HostUnreachable('the trail is closed'))
  const { enrolment, asked } = enrolling({ onEnrolled })
  const enrolled = refusalOf(() => enrolment.enrol(code(), 'user:owner'))
  await until(() => asked.length === 1)
  asked[0]?.()
  expect(await enrolled).toBe('host.unreachable')
  expect(links).toEqual(['start', 'tell'])
})

test('two enrolments at once make one link', async () => {
  const { enrolment, asked } = enrolling()
  const first = enrolment.enrol(code(), 'user:owner')
  const second = refusalOf(() => enrolment.enrol(code(), 'user:owner'))
  await until(() => asked.length === 1)
  asked[0]?.()
  await first
  expect(await second).toBe('enrolment.exists')
  expect(links).toEqual(['start', 'tell'])
})
