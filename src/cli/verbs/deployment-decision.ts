/** `sluice deployment review | approve | refuse`: all that there is to look at, and the owner's decision on exactly that version. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { diffLines, wordOf } from '../../web/mod.ts'
import { Decision, PlatformDeployment, Reason, readAs, wordsOf } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { DEPLOYMENT, deploymentNamed } from '../named.ts'
import { print } from '../output.ts'
import { renderAdds } from './adds.ts'
import { addRemoteFlags } from './remote.ts'

const Review = v.looseObject({
  ...{ deployment: v.string(), blueprint: v.string(), system: v.string(), version: v.number() },
  inForce: v.optional(v.number()),
  adds: v.record(v.string(), v.array(v.string())),
  against: v.array(Reason),
  changes: v.array(
    v.looseObject({ part: v.string(), before: v.optional(v.string(), ''), after: v.optional(v.string(), '') }),
  ),
  code: v.array(
    v.looseObject({
      ...{ sha256: v.string(), bytes: v.number(), components: v.array(v.string()), isNew: v.boolean() },
      ...{ text: v.optional(v.string()), isCut: v.boolean() },
    }),
  ),
  signer: v.looseObject({ tenantName: v.string(), platform: v.string(), fingerprint: v.string() }),
})
type Review = v.InferOutput<typeof Review>

const SIGNS = { added: '+', removed: '-', same: ' ' } as const

/** Texts of many lines cut into lines: what is printed is made showable text by text, and a line end is not. */
function inLines(review: Review) {
  const { changes, code } = review
  return {
    ...review,
    changes: changes.map(({ part, before, after }) => ({ part, lines: diffOf(before, after) })),
    code: code.map((file) => ({ ...file, lines: file.text?.replace(/\n$/, '').split('\n') })),
  }
}

function diffOf(before: string, after: string): string[] {
  return diffLines(before, after).lines.map((line) =>
    'skipped' in line ? `  … ${line.skipped} unchanged` : `${SIGNS[line.kind]} ${line.text}`,
  )
}

function renderReview(review: ReturnType<typeof inLines>): string {
  const { blueprint, version, inForce, signer, adds, against, changes, code } = review
  const before = inForce === undefined ? 'nothing is in force yet' : `version ${inForce} is in force`
  const added = renderAdds(adds, '  ')
  return [
    `Version ${version} of ${blueprint} waits for you; ${before}.`,
    `Signed by ${signer.tenantName} at ${signer.platform}, fingerprint ${signer.fingerprint}`,
    ...(against.length > 0 ? ['', `It cannot run here as it is: ${wordsOf(against)}`] : []),
    ...['', 'It adds to what was approved before:', ...(added.length > 0 ? added : ['  nothing'])],
    ...changes.flatMap(({ part, lines }) => ['', `${part}:`, ...lines]),
    ...code.flatMap((file) => ['', ...codeOf(file)]),
  ].join('\n')
}

function codeOf({
  sha256,
  bytes,
  components,
  isNew,
  lines,
  isCut,
}: ReturnType<typeof inLines>['code'][number]): string[] {
  const head = `Code of ${components.join(', ')} (${isNew ? 'new' : 'as in force'}, ${bytes} bytes, SHA-256 ${sha256}):`
  if (lines === undefined) return [head, '  it is no text']
  const width = String(lines.length).length
  const cut = isCut ? ['  … the rest is not shown: read it on the page, or by the API'] : []
  return [head, ...lines.map((line, i) => `  ${String(i + 1).padStart(width)}  ${line}`), ...cut]
}

function printReview(context: CliContext, json: boolean | undefined, review: Review): void {
  if (json) print(context.terminal, true, review, () => '')
  else print(context.terminal, false, inLines(review), renderReview)
}

type DecisionFlags = RemoteFlags & { version?: string; reason?: string; tell?: boolean }

function pathOf(id: string, act: string): string {
  return `/v1/deployments/${encodeURIComponent(id)}/${act}`
}

/** Approving always says what it approves: what is decided on is what was shown, or the version that was named. */
function addDecision(parent: Command, context: CliContext, verb: 'approve' | 'refuse', summary: string): void {
  const command = addRemoteFlags(parent.command(verb))
    .argument('<deployment>', DEPLOYMENT)
    .option('--version <n>', 'the version you looked at; default: the one that waits now')
    .description(summary)
  if (verb === 'refuse')
    command
      .option('--reason <text>', 'kept in the audit trail; the Platform learns only the refusal')
      .option('--tell', 'tell the Platform the reason too')
  command.action(async (named: string, flags: DecisionFlags) => {
    if (flags.version !== undefined && !/^\d+$/.test(flags.version))
      throw new UsageInvalid(`\`${flags.version}\` is not a version`)
    const { client } = await connect(context, flags)
    const id = await deploymentNamed(client, named)
    const review = await waiting(client, id)
    if (!flags.json) printReview(context, false, review)
    const version = flags.version === undefined ? review.version : Number(flags.version)
    const words = { ...(flags.reason !== undefined && { reason: flags.reason }), ...(flags.tell && { tell: true }) }
    const answer = readAs(Decision, await client.request('POST', pathOf(id, verb), { version, ...words }))
    const done = verb === 'approve' ? 'Approved' : 'Refused'
    print(context.terminal, flags.json, answer, ({ state }) =>
      [...(flags.json ? [] : ['']), `${done} version ${version} of ${review.blueprint}; now ${wordOf(state)}.`].join(
        '\n',
      ),
    )
  })
}

async function waiting(client: Client, id: string): Promise<Review> {
  const answer = readAs(v.union([PlatformDeployment, Review]), await client.get(pathOf(id, 'approval')))
  if (!('runtimes' in answer)) return answer as Review
  throw new UsageInvalid(`a Platform cannot decide on ${id}; its Runtimes’ owners do`, 'Name a Runtime with --at.')
}

export function addDecisionVerbs(deployment: Command, context: CliContext): void {
  addRemoteFlags(deployment.command('review'))
    .argument('<deployment>', DEPLOYMENT)
    .description('show what a waiting version adds and changes, its code, and who signed it')
    .action(async (named: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      printReview(context, flags.json, await waiting(client, await deploymentNamed(client, named)))
    })
  addDecision(deployment, context, 'approve', 'let a waiting version run; on the Runtime only')
  addDecision(deployment, context, 'refuse', 'refuse a waiting version; the one in force goes on')
}
