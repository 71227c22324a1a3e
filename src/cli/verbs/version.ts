/** `sluice version`: what this executable is. */
import type { Command } from 'commander'
import { buildFacts } from '../../host/mod.ts'
import type { CliContext } from '../context.ts'
import { print } from '../output.ts'

export function addVersionVerb(program: Command, context: CliContext): void {
  program
    .command('version')
    .option('--json', 'print JSON')
    .description('print the version and what it runs on')
    .action((flags: { json?: boolean }) => {
      print(context.terminal, flags.json, buildFacts, ({ version, host, compiled }) =>
        compiled ? `sluice ${version}` : `sluice ${version} from source, on ${host}`,
      )
    })
}
