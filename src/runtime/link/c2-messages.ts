/** What the Platform may ask of this Runtime: ping, deployment, code. Each handler gets what was verified and parsed. */
import { fromBase64url } from '../../base/mod.ts'
import type { AgreementKey } from '../../crypto/mod.ts'
import {
  assignmentInfo,
  type DeploymentAnswer,
  type DeploymentRequest,
  exchanges,
  type Handler,
  handle,
  type Inventory,
  openCodeChunk,
  openDocument,
  sealResult,
} from '../../wire/mod.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { CodeFiles } from '../state/code-files.ts'
import type { Registration } from '../state/enrolment.ts'

export type C2Deps = {
  registration: Registration
  agreement: AgreementKey
  deployments: Deployments
  code: CodeFiles
  inventory: () => Promise<Omit<Inventory, 'challenge'>>
}

type Apply = Extract<DeploymentRequest, { action: 'apply' }>

export function c2Handlers(deps: C2Deps): Handler[] {
  const { registration, agreement, deployments, code, inventory } = deps
  return [
    handle(exchanges.ping, async ({ challenge }) => ({ challenge, ...(await inventory()) })),
    handle(exchanges.deployment, async (request): Promise<DeploymentAnswer> => {
      if (request.action === 'apply') return { action: 'apply', result: await apply(deps, request) }
      return { action: 'stop', state: await deployments.stop(request.deployment, 'platform') }
    }),
    handle(exchanges.code, async (chunk) => {
      const sender = fromBase64url(registration.agreementKey)
      const { tenant, runtime } = registration
      const content = await openCodeChunk(chunk, { recipient: agreement, sender, tenant, runtime })
      const { sha256, bytes, offset } = chunk
      return { received: await code.receive({ sha256, bytes, offset, content }) }
    }),
  ]
}

/** Opens the sealed fields, and answers under the same context. A document that does not open has none: `sealed.refused`. */
async function apply(deps: C2Deps, request: Apply) {
  const { registration, agreement, deployments } = deps
  const { deployment, version, manifest, signature } = request
  const { tenant, runtime } = registration
  const { document, context } = await openDocument(request.assignment, {
    recipient: agreement,
    sender: fromBase64url(registration.agreementKey),
    info: assignmentInfo({ tenant, runtime, deployment, version }),
  })
  const result = await deployments.apply({ deployment, version, document, manifest, signature }, registration)
  return sealResult(context, result)
}
