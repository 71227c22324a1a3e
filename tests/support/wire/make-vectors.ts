/**
 * Makes tests/vectors/wire: run `bun tests/support/wire/make-vectors.ts` after a deliberate change of the protocol, and say so in the change.
 * Keys are fixed (SHA-256 of their labels); signatures and sealings carry fresh chance, so the files differ at each run.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { base64url, canonicalJson, fromUtf8, rfc3339, utf8 } from '../../../src/base/mod.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import {
  assignmentInfo,
  assignmentPointers,
  type EnrolmentCode,
  encodeEnrolmentCode,
  encodeIntroduction,
  exchanges,
  manifestOf,
  openEnrolmentRequest,
  sealCodeChunk,
  sealDocument,
  sealEnrolmentAnswer,
  sealEnrolmentRequest,
  signAssignment,
} from '../../../src/wire/mod.ts'
import { c2Pair } from './c2-pair.ts'
import { DEPLOYMENT, RUNTIME, T0, TENANT } from './parties.ts'
import { assignment, heartbeat, inventory, PEM } from './samples.ts'

const folder = new URL('../../vectors/wire/', import.meta.url)
mkdirSync(folder, { recursive: true })
function save(name: string, vector: unknown): void {
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(vector, null, 2)}\n`)
}

const pair = await c2Pair('vectors')
const { tenant, runtime } = pair
await pair.caller.call(exchanges.heartbeat, heartbeat)
save('message', {
  at: T0,
  question: pair.wire.asked[0],
  payload: heartbeat,
  answer: pair.wire.answered[0],
  answerPayload: { time: rfc3339(T0) },
})

const about = { tenant: TENANT, runtime: RUNTIME, deployment: DEPLOYMENT, version: 1 }
const info = assignmentInfo(about)
const { sealed } = await sealDocument(assignment, assignmentPointers(assignment), {
  sender: tenant.agreement,
  recipient: runtime.agreement.publicKey,
  info,
})
save('deployment', {
  about,
  info: fromUtf8(info),
  canonicalAssignment: canonicalJson(assignment),
  manifest: await manifestOf(assignment),
  signature: await signAssignment(tenant.signing, assignment),
  sealed,
})

const content = utf8('export const limit = 2.5\n')
const sha256 = await sha256Hex(content)
const parties = { tenant: TENANT, runtime: RUNTIME, sender: tenant.agreement, recipient: runtime.agreement.publicKey }
save('code-chunk', {
  content: base64url(content),
  chunk: await sealCodeChunk({ sha256, content, offset: 0 }, parties),
})

const code: EnrolmentCode = {
  v: 1,
  platform: 'https://platform.example',
  tenant: TENANT,
  signingKid: tenant.signing.kid,
  agreementKey: base64url(tenant.agreement.publicKey),
  authority: PEM,
  secret: base64url(new Uint8Array(32).fill(9)),
  expires: rfc3339(T0 + 3_600_000),
}
const { challenge: _, ...manifest } = inventory
const request = {
  secret: code.secret,
  name: 'factory-01',
  signingKey: base64url(runtime.signing.publicKey),
  agreementKey: base64url(runtime.agreement.publicKey),
  managementUrl: 'https://factory.example:8752',
  bridgePort: 32_100,
  authority: PEM,
  version: '0.1.0',
  inventory: manifest,
}
const sealedRequest = await sealEnrolmentRequest(request, { code, key: runtime.signing })
const { digest } = await openEnrolmentRequest(sealedRequest, { tenant: TENANT, agreement: tenant.agreement })
const answer = {
  runtime: RUNTIME,
  tenant: TENANT,
  tenantName: 'Example',
  signingKey: base64url(tenant.signing.publicKey),
  agreementKey: code.agreementKey,
  heartbeatIntervalMs: 10_000,
}
save('enrolment', {
  code,
  codeText: encodeEnrolmentCode(code),
  request,
  sealedRequest,
  digest,
  answer,
  sealedAnswer: await sealEnrolmentAnswer(answer, {
    key: tenant.signing,
    agreement: tenant.agreement,
    recipient: runtime.agreement.publicKey,
    digest,
  }),
})

const introduction = {
  v: 1,
  runtime: RUNTIME,
  name: 'factory-01',
  signingKey: request.signingKey,
  agreementKey: request.agreementKey,
  authority: PEM,
  bridgeHost: 'factory.example',
  bridgePort: 32_100,
} as const
save('introduction', { introduction, text: await encodeIntroduction(runtime.signing, introduction) })
