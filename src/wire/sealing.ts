/** Sealing the secret fields of a document to one recipient, one by one in one HPKE Auth context (PROTOCOL.md, Deployments). */
import * as v from 'valibot'
import { type Bytes, base64url, canonicalJson, fromBase64url, fromUtf8, utf8 } from '../base/mod.ts'
import {
  type AgreementKey,
  type Exporter,
  openFrom,
  openResponse,
  type PublicKeyBytes,
  sealResponse,
  sealTo,
  sha256Hex,
} from '../crypto/mod.ts'
import { type Assignment, DeploymentResult, type SealedDocument, type SealedResult } from './deployment.ts'
import { SealedRefused } from './errors.ts'
import { SUITE } from './limits.ts'
import { inSealingOrder, putBack, takeOut } from './pointers.ts'

/** `info` of the sealing of an assignment: it opens for this tenant, Runtime, deployment and version only. */
export function assignmentInfo(about: { tenant: string; runtime: string; deployment: string; version: number }): Bytes {
  return utf8(
    canonicalJson(['sluice assignment v1', SUITE, about.tenant, about.runtime, about.deployment, about.version]),
  )
}

/** The fields of an assignment that only its Runtime may read: every configuration and every bridge's secret. */
export function assignmentPointers(assignment: Assignment): string[] {
  return [
    ...assignment.components.map((_, index) => `/components/${index}/config`),
    ...assignment.bridges.map((_, index) => `/bridges/${index}/secret`),
  ]
}

/**
 * Takes the members at the pointers out of a copy of the document and seals each: plaintext its JCS form, associated data its pointer
 * and the SHA-256 of the JCS form of what stays unsealed. `context` opens the answer. Refuses a pointer that names no member of an
 * object with `sealed.refused`.
 */
export async function sealDocument(
  document: Record<string, unknown>,
  pointers: readonly string[],
  parties: { sender: AgreementKey; recipient: PublicKeyBytes; info: Bytes },
): Promise<{ sealed: SealedDocument; context: Exporter }> {
  const envelope = structuredClone(document)
  const taken = inSealingOrder(pointers).map((pointer) => ({ pointer, value: takeOut(envelope, pointer) }))
  const envelopeHash = await sha256Hex(utf8(canonicalJson(envelope)))
  const context = await sealTo(parties)
  const sealed: Record<string, string> = {}
  for (const { pointer, value } of taken) {
    const plaintext = utf8(canonicalJson(value))
    sealed[pointer] = base64url(await context.seal(plaintext, associatedData(pointer, envelopeHash)))
  }
  return { sealed: { enc: base64url(context.enc), envelope, sealed }, context }
}

/** Opens what `sealDocument` made, whole or not at all. Throws `sealed.refused`; what it gives still has to pass its schema. */
export async function openDocument(
  document: SealedDocument,
  parties: { recipient: AgreementKey; sender: PublicKeyBytes; info: Bytes },
): Promise<{ document: Record<string, unknown>; context: Exporter }> {
  try {
    const opened = structuredClone(document.envelope)
    const envelopeHash = await sha256Hex(utf8(canonicalJson(document.envelope)))
    const context = await openFrom({ ...parties, enc: fromBase64url(document.enc) })
    for (const pointer of inSealingOrder(Object.keys(document.sealed))) {
      const sealed = fromBase64url(document.sealed[pointer] ?? '')
      const plaintext = await context.open(sealed, associatedData(pointer, envelopeHash))
      putBack(opened, pointer, JSON.parse(fromUtf8(plaintext)))
    }
    return { document: opened, context }
  } catch (cause) {
    throw new SealedRefused('the sealed document does not open', { cause })
  }
}

/** The Runtime's result, sealed for whoever sealed the document it answers (as RFC 9458 §4.4). */
export async function sealResult(
  context: Exporter,
  result: DeploymentResult,
): Promise<v.InferOutput<typeof SealedResult>> {
  const { nonce, sealed } = await sealResponse(context, utf8(canonicalJson(result)))
  return { nonce: base64url(nonce), sealed: base64url(sealed) }
}

/** Opens and parses a result with the context that sealed the document. Throws `sealed.refused`. */
export async function openResult(
  context: Exporter,
  result: v.InferOutput<typeof SealedResult>,
): Promise<DeploymentResult> {
  try {
    const plaintext = await openResponse(context, fromBase64url(result.nonce), fromBase64url(result.sealed))
    return v.parse(DeploymentResult, JSON.parse(fromUtf8(plaintext)))
  } catch (cause) {
    throw new SealedRefused('the sealed result does not open', { cause })
  }
}

function associatedData(pointer: string, envelopeHash: string): Bytes {
  return utf8(canonicalJson([pointer, envelopeHash]))
}
