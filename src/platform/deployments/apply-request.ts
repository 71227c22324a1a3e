/** The request by which a Runtime is told what to run: its assignment sealed to it, and whether that fits into one message. */
import { canonicalJson, fromBase64url, utf8 } from '../../base/mod.ts'
import type { AgreementKey } from '../../crypto/mod.ts'
import {
  type Assignment,
  assignmentInfo,
  assignmentPointers,
  type DeploymentRequest,
  MESSAGE_BYTES_MAX,
  manifestOf,
  sealDocument,
} from '../../wire/mod.ts'
import { DeploymentTooLarge } from '../errors.ts'

export type SignedAssignment = { assignment: Assignment; signature: string }
type ApplyRequest = Extract<DeploymentRequest, { action: 'apply' }>
type Context = Awaited<ReturnType<typeof sealDocument>>['context']

/** What a compact JWS has beside its payload: a header of at most 2,048 characters, two dots, a signature of 86. */
const ENVELOPE_BYTES = 2_048 + 2 + 86

/** Seals an assignment to the agreement key (base64url) of its Runtime. `context` opens the answer. */
export async function applyRequest(
  { assignment, signature }: SignedAssignment,
  parties: { sender: AgreementKey; agreementKey: string },
): Promise<{ request: ApplyRequest; context: Context }> {
  const { deployment, version } = assignment
  const { sealed, context } = await sealDocument(assignment, assignmentPointers(assignment), {
    sender: parties.sender,
    recipient: fromBase64url(parties.agreementKey),
    info: assignmentInfo(assignment),
  })
  const manifest = await manifestOf(assignment)
  return { request: { action: 'apply', deployment, version, assignment: sealed, manifest, signature }, context }
}

/** Refuses `deployment.too_large` for a request that no message could carry to its Runtime. */
export function requireFits(request: ApplyRequest, system: string): void {
  const bytes = Math.ceil((utf8(canonicalJson(request)).byteLength * 4) / 3) + ENVELOPE_BYTES
  if (bytes > MESSAGE_BYTES_MAX)
    throw new DeploymentTooLarge(
      `what system ${system} is to do comes to ${bytes} bytes sealed; a message has at most ${MESSAGE_BYTES_MAX}`,
    )
}
