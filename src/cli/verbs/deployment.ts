/** `sluice deployment`: what is in force, on a Runtime or on the Platform, and the owner's decisions. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { unsaid, wordOf } from '../../web/mod.ts'
import { LocalDeployment, PlatformDeployment, RefusedVersion, readAs, wordsOf } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { DEPLOYMENT, deploymentNamed } from '../named.ts'
import { print, table } from '../output.ts'
import { renderAdds } from './adds.ts'
import { addDecisionVerbs } from './deployment-decision.ts'
import { addRemoteFlags } from './remote.ts'

const AnyDeployment = v.union([PlatformDeployment, LocalDeployment])
type AnyDeployment = v.InferOutput<typeof AnyDeployment>
/** Only the Platform tells of several Runtimes. */
function isCentral(deployment: AnyDeployment): deployment is PlatformDeployment {
  return 'runtimes' in deployment
}

/** Only a Runtime tells of versions that it refused. */
const AnyList = v.object({ deployments: v.array(AnyDeployment), refused: v.optional(v.array(RefusedVersion), []) })
type AnyList = v.InferOutput<typeof AnyList>

function renderRefused({ deployment, blueprint, version, reasons, advice }: AnyList['refused'][number]): string {
  return `\nVersion ${version} of ${blueprint || deployment} was refused here: ${wordsOf(reasons)}.\n${advice}`
}

/** What a waiting version asks for. */
export function renderWaiting(deployment: LocalDeployment): string {
  const { waiting } = deployment
  if (!waiting) return ''
  const head = `Version ${waiting.version} of ${deployment.blueprint} waits for you. It adds to what was approved before:`
  const words = `${deployment.deployment} --version ${waiting.version}`
  const cures = [
    `Review:  sluice deployment review ${deployment.deployment}`,
    `Approve: sluice deployment approve ${words}`,
    `Refuse:  sluice deployment refuse ${words}`,
  ]
  return ['', head, ...renderAdds(waiting.adds, '  '), ...cures].join('\n')
}

/** What a deployment failed at in full, and what to do; nothing of one that did not. */
export function renderFailure({ blueprint, reasons }: LocalDeployment): string {
  return reasons
    .flatMap((reason) => {
      const { message, advice = '' } = reason
      if (!message && !advice) return []
      return [['', `${blueprint}: ${message ?? wordsOf([reason])}.`, advice].join('\n').trimEnd()]
    })
    .join('\n')
}

/** How a deployment stands on each of its Runtimes, which are called by their names wherever reasons name their ids. */
export function runtimeWords(runtimes: PlatformDeployment['runtimes']): string {
  const names = new Map(runtimes.map(({ runtime, name }) => [runtime, name]))
  return runtimes
    .map(({ name, state, reasons, finished }) => {
      const rest = unsaid(state, reasons)
      return `${name}: ${wordOf(state, reasons, finished)}${rest.length > 0 ? ` (${wordsOf(rest)})` : ''}`
    })
    .join(', ')
    .replace(/\brt_[0-9a-f-]{36}/g, (id) => names.get(id) ?? id)
}

/** The state of a deployment, in the words of the pages. */
export function stateWords(deployment: AnyDeployment): string {
  const reasons = isCentral(deployment) ? deployment.runtimes.flatMap((one) => one.reasons) : deployment.reasons
  return wordOf(deployment.state, reasons, deployment.finished)
}

/** Why a deployment stands as it does, beyond its state; what waits for its owner is shown by `renderWaiting`. */
export function detailWords({ state, reasons, waiting }: LocalDeployment): string {
  return wordsOf(unsaid(state, reasons).filter(({ code }) => !waiting || !code.startsWith('approval.')))
}

function renderList({ deployments: list, refused }: AnyList): string {
  const turnedDown = refused.map(renderRefused)
  if (list.length === 0 && refused.length > 0) return turnedDown.join('\n').trimStart()
  if (list.length === 0) return 'No deployments yet. Deploy a blueprint: `sluice blueprint deploy FILE --at PLATFORM`.'
  const rows = list.map((deployment) => [
    deployment.deployment,
    deployment.blueprint,
    deployment.version,
    stateWords(deployment),
    isCentral(deployment) ? runtimeWords(deployment.runtimes) : detailWords(deployment),
  ])
  const waiting = list.flatMap((deployment) =>
    isCentral(deployment) ? [] : [renderFailure(deployment), renderWaiting(deployment)],
  )
  return [
    table(['DEPLOYMENT', 'BLUEPRINT', 'VERSION', 'STATE', 'DETAIL'], rows),
    ...waiting.filter(Boolean),
    ...turnedDown,
  ].join('\n')
}

export function addDeploymentVerbs(program: Command, context: CliContext): void {
  const deployment = program.command('deployment').description('deployments, on a Runtime or on the Platform')
  addRemoteFlags(deployment.command('list'))
    .description('list deployments, with what waits for the owner')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const answer = readAs(AnyList, await client.get('/v1/deployments'))
      if (flags.json) print(context.terminal, true, answer.deployments, () => '')
      else print(context.terminal, false, answer, renderList)
    })
  addDecisionVerbs(deployment, context)
  addAct(deployment, context, 'stop', 'drain and stop a deployment; on a Runtime it then waits for its owner')
  addAct(deployment, context, 'restart', 'let the version in force run anew, after a stop too; on the Runtime only')
}

function addAct(parent: Command, context: CliContext, verb: 'stop' | 'restart', summary: string): void {
  addRemoteFlags(parent.command(verb))
    .argument('<deployment>', DEPLOYMENT)
    .description(summary)
    .action(async (named: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const id = await deploymentNamed(client, named)
      const answer = readAs(
        AnyDeployment,
        await client.request('POST', `/v1/deployments/${encodeURIComponent(id)}/${verb}`, {}),
      )
      print(context.terminal, flags.json, answer, (now) => `${now.blueprint || id} is ${stateWords(now)}.`)
    })
}
