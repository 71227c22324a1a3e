/** The deployments of a Runtime over its real database, with a crew that only notes what it is asked. */
import { logOf } from '../../../src/base/mod.ts'
import { Deployments } from '../../../src/runtime/deployments/deployments.ts'
import { DEFAULT_POLICY, type Policy } from '../../../src/runtime/policy/policy.ts'
import type { Assignment, DeploymentResult, Reason } from '../../../src/wire/mod.ts'
import { FakeClock, type Party, party, TENANT } from '../wire/parties.ts'
import { offer, registrationAt } from './offers.ts'
import { testStores } from './store.ts'
import { testTypes } from './types.ts'

export type DeploymentsHost = Awaited<ReturnType<typeof deploymentsHost>>

export async function deploymentsHost(folder: string, types = testTypes) {
  const clock = new FakeClock()
  const stores = await testStores(folder, clock)
  const tenant: Party = await party(TENANT, 'tenant')
  /** What the crew was asked to do, what stands in the trail, and what was told, in order. */
  const [crew, trail, told]: [string[], string[], { state: string; reasons: Reason[] }[]] = [[], [], []]
  const around = {
    credentials: new Set(['warehouse']),
    peers: new Set<string>(),
    policy: DEFAULT_POLICY as Policy,
    types,
    /** SHA-256 by `name@version`. */
    libraries: new Map<string, string>(),
  }
  const folders = { data: '/var/lib/sluice/runtime', files: '/srv/files' }
  const open = (): Deployments =>
    new Deployments({
      ...{ clock, log: logOf('test'), types },
      ...{ assignments: stores.assignments, approvals: stores.approvals, code: stores.code },
      refusals: stores.refusals,
      surroundings: async () => ({ ...around, folders }),
      registration: async () => registrationAt(tenant),
      crew: {
        replace: ({ version }) => void crew.push(`run ${version}`),
        stop: async () => void crew.push('stop'),
        forget: async () => void crew.push('forget'),
      },
      record: async (actor, action, _deployment, detail) =>
        void trail.push(`${actor} ${action} ${JSON.stringify(detail)}`),
      onChange: (_deployment, _version, state, reasons) => void told.push({ state, reasons }),
    })
  const deployments = open()
  return {
    ...{ clock, stores, tenant, crew, trail, told, around, folders, open, deployments },
    apply: async (assignment: Assignment): Promise<DeploymentResult> =>
      deployments.apply(await offer(tenant, assignment), registrationAt(tenant)),
    /** Applies and approves. */
    async run(assignment: Assignment): Promise<void> {
      await deployments.apply(await offer(tenant, assignment), registrationAt(tenant))
      await deployments.approve(assignment.deployment, assignment.version, 'user:owner')
    },
    [Symbol.dispose]: () => stores.db.close(),
  }
}

export function deploymentId(n: number): `dep_${string}` {
  return `dep_01890000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
}
