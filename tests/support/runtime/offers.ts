/** Assignments as a tenant would send them, signed by its key. */

import { base64url } from '../../../src/base/mod.ts'
import type { Offered } from '../../../src/runtime/deployments/authenticity.ts'
import type { Registration } from '../../../src/runtime/state/enrolment.ts'
import { type Assignment, manifestOf, signAssignment } from '../../../src/wire/mod.ts'
import { DEPLOYMENT, type Party, RUNTIME, TENANT } from '../wire/parties.ts'
import { assignment as sample } from '../wire/samples.ts'

/** Files to a table on one Runtime. */
export function plainAssignment(changes: Partial<Assignment> = {}): Assignment {
  return {
    ...{ ...sample, bridges: [], classification: {} },
    components: [
      { name: 'orders', type: 'csv_file', from: [], config: { paths: ['/data/in/*.csv'] } },
      {
        name: 'warehouse',
        type: 'table',
        from: ['orders'],
        config: { credential: 'warehouse', table: 'orders', host: 'db.example:5432' },
      },
    ],
    ...changes,
  }
}

export async function offer(tenant: Party, assignment: Assignment, changes: Partial<Offered> = {}): Promise<Offered> {
  return {
    deployment: assignment.deployment,
    version: assignment.version,
    document: structuredClone(assignment),
    manifest: await manifestOf(assignment),
    signature: await signAssignment(tenant.signing, assignment),
    ...changes,
  }
}

export function registrationAt(tenant: Party): Registration {
  return {
    ...{ runtime: RUNTIME, name: 'factory-01', tenant: TENANT, tenantName: 'Example', heartbeatIntervalMs: 10_000 },
    ...{ platformUrl: 'https://platform.example', platformAuthority: undefined },
    signingKey: base64url(tenant.signing.publicKey),
    agreementKey: base64url(tenant.agreement.publicKey),
  }
}

export { DEPLOYMENT }
