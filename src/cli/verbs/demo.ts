/** `sluice demo`: the whole of Sluice on one machine, with real data, in under a minute. */
import { type Command, Option } from 'commander'
import { AppError, systemClock } from '../../base/mod.ts'
import { buildFacts } from '../../host/mod.ts'
import type { CliContext } from '../context.ts'
import type { Delivered } from '../demo/delivered.ts'
import type { Demo } from '../demo/run.ts'
import { UsageInvalid } from '../exit.ts'
import { table } from '../output.ts'
import { untilStopped } from '../serve.ts'

type DemoFlags = { once?: boolean; json?: boolean; records?: string; cloudImage?: string; kill?: 'factory' | 'cloud' }

/** Planted rows are among them. */
const RECORDS_MIN = 10
/** Row ids count copies of the data set by four digits, and the last stands for the planted rows: 9,998 × 45,425 rows would fit. */
const RECORDS_MAX = 100_000_000

/** The demo ran, and something of what it checks did not hold. */
export class DemoNotWhole extends AppError {
  override readonly code = 'demo.not_whole' as const
  override readonly kind = 'internal' as const
}

function recordsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const records = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (records < RECORDS_MIN || records > RECORDS_MAX)
    throw new UsageInvalid(`--records takes a whole number from ${RECORDS_MIN} to ${RECORDS_MAX}, not \`${text}\``)
  return records
}

async function once(demo: Demo, context: CliContext, flags: DemoFlags): Promise<void> {
  const { conclude } = await import('../demo/conclude.ts')
  const result = await conclude(demo, context.signal, (line) => context.terminal.err(`${line}\n`))
  const elapsedMs = Math.round(systemClock.monotonic() - demo.startedAt)
  const { ok, ...rest } = result
  const { delivered } = result
  context.terminal.out(
    flags.json
      ? `${JSON.stringify({ ok, elapsedMs, ...rest })}\n`
      : `${flowTable(demo)}\n\n${sentenceOf(delivered)}\n${ok ? 'Everything that the demo checks holds.\n' : ''}`,
  )
  if (!ok) throw new DemoNotWhole('not everything that the demo checks holds; see the lines above')
}

async function stay(demo: Demo, context: CliContext): Promise<void> {
  const { countDelivered } = await import('../demo/delivered.ts')
  const { delivered } = await countDelivered(demo)
  const servers = [demo.platform, demo.factory, demo.cloud]
  const lines = [
    '',
    flowTable(demo),
    '',
    sentenceOf(delivered),
    '',
    table(
      ['SERVER', 'PAGES'],
      servers.map(({ name, ready }) => [name, ready.url]),
    ),
    '',
    table(
      ['SERVER', 'ONE-TIME LINK, TO BECOME ITS OWNER'],
      servers.map(({ name, ready }) => [name, ready.oneTimeLink]),
    ),
    '',
    `Test results of Sluice itself, once you have signed in at ${demo.factory.name}: ${demo.testResults.dashboard}`,
    '',
    'Your browser will warn: each server made its own certificate authority a moment ago.',
    `To look closer: ${buildFacts.compiled ? '' : 'npx '}sluice status --at ${demo.folder}/factory-01`,
    'Ctrl-C stops everything and removes it.',
    '',
  ]
  context.terminal.out(lines.join('\n'))
  await untilStopped(context)
  context.terminal.err('Stopping and removing everything\n')
}

/** What each part of the flow did, in the order of the Runtimes. Of a bridge's id the end tells it apart. */
function flowTable({ deployments, factory, cloud }: Demo): string {
  const names = [factory.name, cloud.name]
  const rows = deployments.flatMap(({ components }, i) =>
    components.map(({ name, type, messagesIn, messagesOut, bytesOut, refused, executionMs }) => [
      ...[names[i], name.startsWith('br_') ? `br_…${name.slice(-8)}` : name, type],
      ...[messagesIn, messagesOut, bytesOut, refused, Math.round(executionMs)],
    ]),
  )
  return table(['RUNTIME', 'COMPONENT', 'TYPE', 'IN', 'OUT', 'BYTES OUT', 'REFUSED', 'MS'], rows)
}

function sentenceOf({ rowsWritten, rowsRead, refused, missing, duplicates }: Delivered): string {
  const [written, read] = [rowsWritten, rowsRead].map((count) => count.toLocaleString('en-US'))
  return `${written} of ${read} rows are in the table; ${refused} refused on purpose, ${missing} missing, ${duplicates} double.`
}

export function addDemoVerb(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('show it all on this machine: a Platform, two Runtimes, real data through a Secure Bridge')
    .option('--once', 'verify, stop everything, remove it and exit; uses free ports')
    .option('--json', 'with --once: print exactly one JSON object')
    .option('--records <n>', 'repeat the data set up to so many rows (default: once, 45,429)')
    .addOption(
      new Option('--kill <runtime>', 'kill -9 this Runtime in the middle, and start it again').choices([
        'factory',
        'cloud',
      ]),
    )
    .option('--cloud-image <image>', 'run cloud-01 from this OCI image, with podman')
    .action(async (flags: DemoFlags) => {
      if (flags.json && !flags.once) throw new UsageInvalid('--json goes with --once')
      // Only here, for its data set would lie in the memory of every other verb.
      const { runDemo } = await import('../demo/run.ts')
      const demo = await runDemo({
        freePorts: flags.once ?? false,
        records: recordsOf(flags.records),
        cloudImage: flags.cloudImage,
        kill: flags.kill,
        signal: context.signal,
        progress: (line) => context.terminal.err(`${line}\n`),
      })
      try {
        await (flags.once ? once(demo, context, flags) : stay(demo, context))
      } finally {
        await demo.close()
      }
    })
}
