/** `sluice drift`: whether a Runtime is still as it was set up. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { AppError } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

/** Something is not as it was set up; what it is was printed. `acceptable`: names that an owner can put on record as they are now. */
class DriftFound extends AppError {
  override readonly code = 'drift.found' as const
  override readonly kind = 'conflict' as const
  override readonly advice: string
  constructor(message: string, acceptable: readonly string[]) {
    super(message)
    const accept = `, or say that it is meant to be so: sluice drift accept ${acceptable.join(' ')}`
    this.advice = `Mend it${acceptable.length === 0 ? ': it cannot be meant to be so.' : accept}`
  }
}

const Check = v.looseObject({
  checkedAt: v.optional(v.string()),
  items: v.array(
    v.looseObject({
      ...{ name: v.string(), hash: v.string(), recorded: v.optional(v.string()), differs: v.boolean() },
      faults: v.array(v.string()),
    }),
  ),
})
type Check = v.InferOutput<typeof Check>

export function addDriftVerbs(program: Command, context: CliContext): void {
  const drift = program.command('drift').description('whether this Runtime is still as it was set up')
  for (const verb of ['show', 'check'] as const)
    addRemoteFlags(drift.command(verb))
      .description(verb === 'show' ? 'show what the last daily check found' : 'look at everything now')
      .action(async (flags: RemoteFlags) => {
        const { client } = await connect(context, flags)
        const answer = await (verb === 'show' ? client.get('/v1/drift') : client.request('POST', '/v1/drift/check', {}))
        const check = readAs(Check, answer)
        print(context.terminal, flags.json, check, renderCheck)
        const differing = check.items.filter(({ differs }) => differs)
        if (differing.length === 0) return
        const acceptable = differing.filter(({ hash, recorded }) => recorded !== undefined && recorded !== hash)
        throw new DriftFound(
          `not as it was set up: ${namesOf(differing)}`,
          acceptable.map(({ name }) => name),
        )
      })
  addRemoteFlags(drift.command('accept'))
    .argument('<name...>', 'what is meant to be as it is: settings, identity')
    .description('put on record what is found: it is meant to be so')
    .action(async (names: string[], flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const { items } = readAs(Check, await client.get('/v1/drift'))
      const found = names.map((name) => {
        const item = items.find((one) => one.name === name)
        if (!item) throw new UsageInvalid(`nothing called \`${name}\` is looked at`, 'See `sluice drift show`.')
        return [name, item.hash]
      })
      const answer = await client.request('POST', '/v1/drift/accept', { found: Object.fromEntries(found) })
      print(context.terminal, flags.json, readAs(Check, answer), renderCheck)
    })
}

/** `settings, code (missing)`: each with what is wrong in itself. */
function namesOf(items: readonly { name: string; faults: readonly string[] }[]): string {
  return items.map(({ name, faults }) => (faults.length === 0 ? name : `${name} (${faults.join(' ')})`)).join(', ')
}

function renderCheck({ checkedAt, items }: Check): string {
  if (checkedAt === undefined) return 'Nothing was checked yet: `sluice drift check`.'
  const rows = items.map(({ name, hash, differs, faults, recorded }) => [
    name,
    differs ? 'otherwise' : 'as set up',
    hash.slice(0, 16),
    [
      ...(differs && recorded !== undefined && recorded !== hash ? [`on record: ${recorded.slice(0, 16)}`] : []),
      ...faults,
    ].join(' '),
  ])
  return [`Checked ${checkedAt}`, table(['WHAT', 'STANDS', 'HASH', 'DETAIL'], rows)].join('\n')
}
