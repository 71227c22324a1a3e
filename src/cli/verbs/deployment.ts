/** `sluice deployment`: what is in force, on a Runtime or on the Platform, and the owner's decisions. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { Decision, LocalDeployment, PlatformDeployment, readAs, wordsOf } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

const AnyDeployment = v.union([PlatformDeployment, LocalDeployment])
type AnyDeployment = v.InferOutput<typeof AnyDeployment>
/** Only the Platform tells of several Runtimes. */
function isCentral(deployment: AnyDeployment): deployment is PlatformDeployment {
  return 'runtimes' in deployment
}

const AnyList = v.object({ deployments: v.array(AnyDeployment) })

const ADDS: Readonly<Record<string, string>> = {
  paths: 'files',
  hosts: 'hosts',
  tables: 'tables',
  credentials: 'credentials',
  peers: 'bridges with',
  code: 'code',
  declassifications: 'made public',
}
const ADDS_WIDTH = Math.max(...Object.values(ADDS).map((word) => word.length))

/** What a version adds to what was approved before, one item a line. */
export function renderAdds(adds: Readonly<Record<string, readonly string[]>>, indent: string): string[] {
  return Object.entries(adds).flatMap(([kind, items]) =>
    items.map((item, i) => `${indent}${(i === 0 ? (ADDS[kind] ?? kind) : '').padEnd(ADDS_WIDTH)}  ${item}`),
  )
}

/** What a waiting version asks for. */
export function renderWaiting(deployment: LocalDeployment): string {
  const { waiting } = deployment
  if (!waiting) return ''
  const head = `Version ${waiting.version} of ${deployment.blueprint} waits for you. It adds to what was approved before:`
  const words = `${deployment.deployment} --version ${waiting.version}`
  const cures = [`Approve: sluice deployment approve ${words}`, `Refuse:  sluice deployment refuse ${words}`]
  return ['', head, ...renderAdds(waiting.adds, '  '), ...cures].join('\n')
}

/** How a deployment stands on each of its Runtimes. */
export function runtimeWords(runtimes: PlatformDeployment['runtimes']): string {
  return runtimes
    .map(({ name, state, reasons }) => `${name}: ${state}${reasons.length > 0 ? ` (${wordsOf(reasons)})` : ''}`)
    .join(', ')
}

function renderList(list: readonly AnyDeployment[]): string {
  if (list.length === 0) return 'No deployments yet. Deploy a blueprint: `sluice blueprint deploy FILE --at PLATFORM`.'
  const rows = list.map((deployment) => [
    deployment.deployment,
    deployment.blueprint,
    deployment.version,
    deployment.state,
    isCentral(deployment) ? runtimeWords(deployment.runtimes) : wordsOf(deployment.reasons),
  ])
  const waiting = list.map((deployment) => (isCentral(deployment) ? '' : renderWaiting(deployment)))
  return [table(['DEPLOYMENT', 'BLUEPRINT', 'VERSION', 'STATE', 'DETAIL'], rows), ...waiting.filter(Boolean)].join('\n')
}

/** The version that waits, unless one was named: approving always says what it approves. */
async function waitingVersion(client: Client, id: string, given: string | undefined): Promise<number> {
  if (given !== undefined) {
    if (!/^\d+$/.test(given)) throw new UsageInvalid(`\`${given}\` is not a version`)
    return Number(given)
  }
  const deployment = readAs(AnyDeployment, await client.get(`/v1/deployments/${encodeURIComponent(id)}`))
  if (isCentral(deployment))
    throw new UsageInvalid(`a Platform cannot decide on ${id}; its Runtimes’ owners do`, 'Name a Runtime with --at.')
  if (!deployment.waiting) throw new UsageInvalid(`${id} does not wait for a decision`, 'See `sluice deployment list`.')
  return deployment.waiting.version
}

type DecisionFlags = RemoteFlags & { version?: string; reason?: string }

function addDecision(parent: Command, context: CliContext, verb: 'approve' | 'refuse', summary: string): void {
  const command = addRemoteFlags(parent.command(verb))
    .argument('<deployment>', 'id of the deployment (dep_…)')
    .option('--version <n>', 'the version you looked at; default: the one that waits now')
    .description(summary)
  if (verb === 'refuse')
    command.option(
      '--reason <text>',
      'kept in the audit trail; the Platform learns only the refusal',
      'refused by the owner',
    )
  command.action(async (id: string, flags: DecisionFlags) => {
    const { client } = await connect(context, flags)
    const version = await waitingVersion(client, id, flags.version)
    const body = verb === 'refuse' ? { version, reason: flags.reason } : { version }
    const answer = await client.request('POST', `/v1/deployments/${encodeURIComponent(id)}/${verb}`, body)
    const done = verb === 'approve' ? 'Approved' : 'Refused'
    print(
      context.terminal,
      flags.json,
      readAs(Decision, answer),
      ({ blueprint, state }) => `${done} version ${version} of ${blueprint ?? id}; now ${state}.`,
    )
  })
}

export function addDeploymentVerbs(program: Command, context: CliContext): void {
  const deployment = program.command('deployment').description('deployments, on a Runtime or on the Platform')
  addRemoteFlags(deployment.command('list'))
    .description('list deployments, with what waits for the owner')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const { deployments } = readAs(AnyList, await client.get('/v1/deployments'))
      print(context.terminal, flags.json, deployments, renderList)
    })
  addDecision(deployment, context, 'approve', 'let a waiting version run; on the Runtime only')
  addDecision(deployment, context, 'refuse', 'refuse a waiting version; the one in force goes on')
  addRemoteFlags(deployment.command('stop'))
    .argument('<deployment>', 'id of the deployment (dep_…)')
    .description('drain and stop a deployment')
    .action(async (id: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const answer = readAs(
        AnyDeployment,
        await client.request('POST', `/v1/deployments/${encodeURIComponent(id)}/stop`, {}),
      )
      print(context.terminal, flags.json, answer, ({ blueprint, state }) => `${blueprint || id} is ${state}.`)
    })
}
