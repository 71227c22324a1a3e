/** `sluice status`: what a server does now. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { nounFor } from '../../base/mod.ts'
import { componentWordOf, wordOf } from '../../web/mod.ts'
import { LocalDeployment, PlatformDeployment, PlatformLink, PlatformRuntime, readAs, wordsOf } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { detailWords, renderFailure, renderWaiting, runtimeWords, stateWords } from './deployment.ts'
import { addRemoteFlags } from './remote.ts'

const RuntimeStatus = v.looseObject({
  name: v.string(),
  version: v.string(),
  managementUrl: v.string(),
  platform: PlatformLink,
  deployments: v.array(LocalDeployment),
  /** What needs a person, worst first. */
  attention: v.optional(
    v.array(v.looseObject({ state: v.string(), word: v.optional(v.string()), what: v.string(), effect: v.string() })),
    [],
  ),
})
const PlatformStatus = v.looseObject({
  version: v.string(),
  runtimes: v.array(PlatformRuntime),
  deployments: v.array(PlatformDeployment),
})
const AnyStatus = v.union([PlatformStatus, RuntimeStatus])
type AnyStatus = v.InferOutput<typeof AnyStatus>

function isPlatform(status: AnyStatus): status is v.InferOutput<typeof PlatformStatus> {
  return 'runtimes' in status
}

/** A deployment's components as a table. */
function componentTable(deployments: readonly LocalDeployment[]): string {
  const rows = deployments.flatMap((one) =>
    one.components.map((part) => [
      one.blueprint,
      part.name,
      part.type,
      componentWordOf(part.state, one),
      part.messagesIn,
      part.messagesOut,
      part.refused,
      part.errors,
      part.reason ? wordsOf([part.reason]) : '',
    ]),
  )
  return rows.length === 0
    ? ''
    : table(['BLUEPRINT', 'COMPONENT', 'TYPE', 'STATE', 'IN', 'OUT', 'REFUSED', 'ERRORS', 'HELD UP BY'], rows)
}

function renderRuntime(status: v.InferOutput<typeof RuntimeStatus>): string {
  const { platform } = status
  const link =
    platform.state === 'enrolled'
      ? `enrolled with ${platform.tenantName ?? platform.tenant}, last heartbeat answered ${platform.lastHeartbeatAnsweredAt ?? 'never'}, ${platform.owed.auditLogs + platform.owed.status} ${nounFor(platform.owed.auditLogs + platform.owed.status, 'message')} owed`
      : `${platform.state === 'none' ? 'not enrolled; see `sluice runtime enrol --help`' : platform.state}`
  const deployments = status.deployments.map((one) => [
    ...[one.deployment, one.blueprint, one.version, stateWords(one), detailWords(one)],
  ])
  return [
    `Runtime ${status.name}, version ${status.version}, at ${status.managementUrl}`,
    `Platform: ${link}`,
    ...(status.attention.length === 0
      ? ['All is well: nothing needs you.']
      : [
          '',
          'Needs you:',
          ...status.attention.map(({ state, word, what, effect }) => `  ${word ?? wordOf(state)}: ${what}. ${effect}`),
        ]),
    deployments.length > 0
      ? `\n${table(['DEPLOYMENT', 'BLUEPRINT', 'VERSION', 'STATE', 'DETAIL'], deployments)}`
      : 'No deployments.',
    ...status.deployments.flatMap((one) => [renderFailure(one), renderWaiting(one)]),
    componentTable(status.deployments) && `\n${componentTable(status.deployments)}`,
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function renderPlatform(status: v.InferOutput<typeof PlatformStatus>): string {
  const runtimes = status.runtimes.map(({ name, id, state, managementUrl }) => [name, state, id, managementUrl])
  const deployments = status.deployments.map((one) => [
    ...[one.deployment, one.blueprint, one.version, stateWords(one), runtimeWords(one.runtimes)],
  ])
  return [
    `Platform, version ${status.version}`,
    runtimes.length > 0
      ? `\n${table(['RUNTIME', 'STATE', 'ID', 'AT'], runtimes)}`
      : 'No Runtimes yet. Make a code: `sluice enrolment-code create`.',
    deployments.length > 0
      ? `\n${table(['DEPLOYMENT', 'BLUEPRINT', 'VERSION', 'STATE', 'DETAIL'], deployments)}`
      : 'No deployments yet.',
  ].join('\n')
}

export function addStatusVerbs(program: Command, context: CliContext): void {
  addRemoteFlags(program.command('status'))
    .description('print what a Runtime or a Platform does now')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const status: AnyStatus = readAs(AnyStatus, await client.get('/v1/status'))
      print(context.terminal, flags.json, status, (now) => (isPlatform(now) ? renderPlatform(now) : renderRuntime(now)))
    })
}
