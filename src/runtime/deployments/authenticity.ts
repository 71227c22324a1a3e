/** Whether an assignment is what the tenant signed, for this Runtime, and whole. */
import * as v from 'valibot'
import { fromBase64url } from '../../base/mod.ts'
import {
  Assignment,
  checkManifest,
  type Manifest,
  ManifestMismatch,
  type Reason,
  verifyAssignment,
} from '../../wire/mod.ts'
import type { Registration } from '../state/enrolment.ts'

export type Offered = {
  deployment: string
  version: number
  /** The opened document, not yet parsed. */
  document: unknown
  manifest: Manifest
  signature: string
}

/** The parsed assignment, or why it is none of ours. Nothing but its form is believed before the signature was verified. */
export async function authentic(
  offered: Offered,
  registration: Registration,
): Promise<{ assignment: Assignment } | { outcome: 'refused' | 'not-understood'; reason: Reason }> {
  const parsed = v.safeParse(Assignment, offered.document)
  if (!parsed.success) {
    const item = v.getDotPath(parsed.issues[0])
    return {
      outcome: 'not-understood',
      reason: { code: 'assignment.not_understood', ...(item && { item: item.slice(0, 256) }) },
    }
  }
  const assignment = parsed.output
  const { tenant, runtime, deployment, version } = assignment
  if (tenant !== registration.tenant || runtime !== registration.runtime) {
    return { outcome: 'refused', reason: { code: 'assignment.misdirected' } }
  }
  if (deployment !== offered.deployment || version !== offered.version) {
    return { outcome: 'refused', reason: { code: 'assignment.misdirected', item: 'version' } }
  }
  if (!(await signedBy(registration, assignment, offered.signature))) {
    return { outcome: 'refused', reason: { code: 'assignment.signature_refused' } }
  }
  try {
    await checkManifest(assignment, offered.manifest)
  } catch (error) {
    if (!(error instanceof ManifestMismatch)) throw error
    return { outcome: 'refused', reason: { code: error.code, item: error.item } }
  }
  return { assignment }
}

/** Whether the tenant signed exactly this; asked on receipt and again at every start. */
export async function signedBy(
  registration: Pick<Registration, 'signingKey'>,
  assignment: Assignment,
  signature: string,
): Promise<boolean> {
  try {
    await verifyAssignment(fromBase64url(registration.signingKey), assignment, signature)
    return true
  } catch {
    return false
  }
}
