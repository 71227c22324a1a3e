/** Tells one Runtime what it is to do: signed and sealed assignment, code that it lacks, and its sealed answer. */
import { type Clock, fromBase64url, logOf } from '../../base/mod.ts'
import type { AgreementKey, WrappingKey } from '../../crypto/mod.ts'
import {
  type Assignment,
  type Caller,
  chunkOffsets,
  type DeploymentId,
  type DeploymentResult,
  exchanges,
  openResult,
  sealCodeChunk,
  type TenantId,
} from '../../wire/mod.ts'
import { codeByHash } from '../blueprints.ts'
import type { TenantStore } from '../database.ts'
import { RuntimeAnswerOdd } from '../errors.ts'
import type { Recorder } from '../recorder.ts'
import { runtimeById } from '../runtimes.ts'
import { applyRequest, type SignedAssignment } from './apply-request.ts'
import { recordAnswer, type Target, unwrapAssignment } from './targets.ts'

export type DeliverDeps = {
  db: TenantStore
  tenant: TenantId
  agreement: AgreementKey
  wrapping: WrappingKey
  callerOf: (runtime: string) => Caller
  recorder: Recorder
  clock: Clock
}

/** A Runtime that still lacks code after it was sent twice is tried again later. */
const CODE_ROUNDS_MAX = 2

const log = logOf('platform')

/** Tells a target's Runtime and notes its answer. Throws when it could not be reached or its answer makes no sense: try again. */
export async function deliver(deps: DeliverDeps, target: Target, signal: AbortSignal): Promise<void> {
  const assignment = await unwrapAssignment(deps.wrapping, target)
  const answer =
    target.wanted === 'stop' || assignment === undefined || target.signature === null
      ? await tellToStop(deps, target, signal)
      : await tellToRun(deps, target, { assignment, signature: target.signature }, signal)
  await recordAnswer(deps, target, answer)
  const { deployment, version, runtime } = target
  log.info('a Runtime answered', { deployment, version, runtime, outcome: answer.outcome, state: answer.state })
}

async function tellToStop(
  deps: DeliverDeps,
  target: Target,
  signal: AbortSignal,
): Promise<Omit<DeploymentResult, 'lacking'>> {
  const request = { action: 'stop', deployment: target.deployment as DeploymentId, version: target.version } as const
  const answer = await deps.callerOf(target.runtime).call(exchanges.deployment, request, { signal })
  if (answer.action !== 'stop') throw new RuntimeAnswerOdd('the Runtime answered something else than a stop')
  return { outcome: 'applied', state: answer.state, reasons: [] }
}

async function tellToRun(
  deps: DeliverDeps,
  target: Target,
  signed: SignedAssignment,
  signal: AbortSignal,
): Promise<DeploymentResult> {
  for (let round = 0; ; round++) {
    const result = await apply(deps, target, signed, signal)
    if (result.outcome !== 'needs-code') return result
    if (round >= CODE_ROUNDS_MAX) throw new RuntimeAnswerOdd('the Runtime still lacks code that it was sent')
    await sendCode(deps, target, result.lacking, signed.assignment, signal)
  }
}

async function apply(
  deps: DeliverDeps,
  target: Target,
  signed: SignedAssignment,
  signal: AbortSignal,
): Promise<DeploymentResult> {
  const { agreementKey } = await runtimeById(deps.db, target.runtime)
  const { request, context } = await applyRequest(signed, { sender: deps.agreement, agreementKey })
  const answer = await deps.callerOf(target.runtime).call(exchanges.deployment, request, { signal })
  if (answer.action !== 'apply') throw new RuntimeAnswerOdd('the Runtime answered something else than an assignment')
  const result = await openResult(context, answer.result).catch((cause) => {
    throw new RuntimeAnswerOdd('the Runtime’s sealed result does not open', { cause })
  })
  await deps.recorder.bytes('opened', JSON.stringify(result))
  return result
}

/** Only files of this assignment are sent, whatever the Runtime asks for. */
async function sendCode(
  deps: DeliverDeps,
  target: Target,
  lacking: readonly string[],
  assignment: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const own = new Set(assignment.components.flatMap(({ code }) => (code ? [code.sha256] : [])))
  const files = await codeByHash(
    deps.db,
    lacking.filter((sha256) => own.has(sha256)),
  )
  const { agreementKey } = await runtimeById(deps.db, target.runtime)
  const parties = {
    tenant: deps.tenant,
    runtime: target.runtime,
    sender: deps.agreement,
    recipient: fromBase64url(agreementKey),
  }
  for (const [sha256, content] of files) {
    for (const offset of chunkOffsets(content.byteLength)) {
      const chunk = await sealCodeChunk({ sha256, content, offset }, parties)
      await deps.callerOf(target.runtime).call(exchanges.code, chunk, { signal })
    }
  }
}
