import { expect, test } from 'bun:test'
import { base64url, canonicalJson, fromUtf8 } from '../../src/base/mod.ts'
import { openAnswer, openRequest, readPayload } from '../../src/wire/envelope.ts'
import {
  assignmentInfo,
  checkManifest,
  decodeEnrolmentCode,
  decodeIntroduction,
  type EnrolmentCode,
  encodeEnrolmentCode,
  exchanges,
  manifestOf,
  openCodeChunk,
  openDocument,
  openEnrolmentAnswer,
  openEnrolmentRequest,
  verifyAssignment,
} from '../../src/wire/mod.ts'
import { FakeClock, party, RUNTIME, TENANT } from '../support/wire/parties.ts'
import { assignment } from '../support/wire/samples.ts'
import chunk from '../vectors/wire/code-chunk.json'
import deployment from '../vectors/wire/deployment.json'
import enrolment from '../vectors/wire/enrolment.json'
import introduction from '../vectors/wire/introduction.json'
import message from '../vectors/wire/message.json'

const tenant = await party(TENANT, 'tenant')
const runtime = await party(RUNTIME, 'runtime')

function readingOf(self: string, typ: string, of: { verifyKey: CryptoKey }) {
  const clock = new FakeClock(message.at)
  return {
    self,
    typs: new Set([typ]),
    verifyKeyOf: async () => of.verifyKey,
    nonces: undefined,
    clock,
    notBeforeMs: message.at,
  }
}

test('message: the committed question and answer open, and say what they said', async () => {
  const question = await openRequest(readingOf(TENANT, 'heartbeat+sluice', runtime), message.question)
  expect(readPayload(exchanges.heartbeat.payload, question.payload)).toEqual(message.payload as never)
  expect(fromUtf8(question.payload)).toBe(canonicalJson(message.payload))
  const answer = await openAnswer(readingOf(RUNTIME, 'heartbeat-answer+sluice', tenant), message.answer)
  expect(readPayload(exchanges.heartbeat.answer, answer.payload)).toEqual(message.answerPayload)
  expect(answer.header.re.id).toBe(question.header.id)
})

test('deployment: info, canonical form, manifest, signature and sealing are the committed ones', async () => {
  const info = assignmentInfo(deployment.about)
  expect(fromUtf8(info)).toBe(deployment.info)
  expect(canonicalJson(assignment)).toBe(deployment.canonicalAssignment)
  expect(await manifestOf(assignment)).toEqual(deployment.manifest)
  const opened = await openDocument(deployment.sealed, {
    recipient: runtime.agreement,
    sender: tenant.agreement.publicKey,
    info,
  })
  expect(opened.document).toEqual(assignment)
  await checkManifest(assignment, deployment.manifest)
  await verifyAssignment(tenant.signing.publicKey, assignment, deployment.signature)
})

test('code: the committed chunk opens', async () => {
  const parties = { tenant: TENANT, runtime: RUNTIME, recipient: runtime.agreement, sender: tenant.agreement.publicKey }
  expect(base64url(await openCodeChunk(chunk.chunk, parties))).toBe(chunk.content)
})

test('enrolment: the committed code, request and answer open', async () => {
  const code = decodeEnrolmentCode(enrolment.codeText)
  expect(code).toEqual(enrolment.code as EnrolmentCode)
  expect(encodeEnrolmentCode(code)).toBe(enrolment.codeText)
  const { request, digest } = await openEnrolmentRequest(enrolment.sealedRequest, {
    tenant: TENANT,
    agreement: tenant.agreement,
  })
  expect(request).toEqual(enrolment.request)
  expect(digest).toBe(enrolment.digest)
  const answer = await openEnrolmentAnswer(enrolment.sealedAnswer, {
    code,
    agreement: runtime.agreement,
    request: enrolment.sealedRequest,
  })
  expect(answer).toEqual(enrolment.answer as never)
})

test('introduction: the committed text opens', async () => {
  expect(await decodeIntroduction(introduction.text)).toEqual(introduction.introduction as never)
})
