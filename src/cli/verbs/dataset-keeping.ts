/** `sluice dataset retention`, `reimport`, `field` and `history`: their words and flags. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { setFieldType } from '../datasets/field.ts'
import { setHistory, showHistory } from '../datasets/history.ts'
import type { InTenantFlags } from '../datasets/named.ts'
import { type ReimportFlags, reimport } from '../datasets/reimport.ts'
import { type RetentionFlags, setRetention, showRetention } from '../datasets/retention.ts'
import { addNamed } from './dataset-flags.ts'
import { examples } from './remote.ts'

const AGE_HELP = `
Age is counted from when an import was received. Of a document that goes by age
its import stays listed. After a start that comes days after the last, or a leap
of the clock, nothing is removed before the clock was steady for a day.`

const REIMPORT_HELP = `
The records are those of a first import: what later imports brought stays, and
nothing is doubled. It goes on behind the answer, after a crash too, and uploads
are imported meanwhile. What came with a document that is not there any more
stays as it is.`

const FIELD_HELP = `
What is there is changed, then all documents are read again, as \`dataset reimport\`
does. Values that do not fit are kept as text, each with a warning at its import.`

export function addDatasetKeepingVerbs(dataset: Command, context: CliContext): void {
  const retention = dataset
    .command('retention')
    .description('how long records and documents are kept; for ever, until somebody says otherwise')
  addNamed(retention.command('show'))
    .description('how long they are kept, and what went last because it was too old')
    .action((name: string, flags: InTenantFlags) => showRetention(context, name, flags))
  addNamed(retention.command('set'))
    .option('--records-days <days>', 'keep records so many days, or for-ever')
    .option('--documents-days <days>', 'keep documents so many days, or for-ever: as long as records')
    .description('keep them for so many days; an owner of the data tenant does')
    .addHelpText('after', AGE_HELP)
    .addHelpText('after', examples('dataset retention set nightly --records-days 365 --documents-days 30'))
    .action((name: string, flags: RetentionFlags) => setRetention(context, name, flags))
  addNamed(dataset.command('reimport'))
    .option('--import <import>', 'of this import (imp_…) only')
    .option('--status', 'only say how far the last one is')
    .description('read its documents again, as they came; an owner of the data tenant does')
    .addHelpText('after', REIMPORT_HELP)
    .addHelpText('after', examples('dataset reimport nightly', 'dataset reimport nightly --status'))
    .action((name: string, flags: ReimportFlags) => reimport(context, name, flags))
  const field = dataset.command('field').description('the fields of a table, whose types were told from its documents')
  addNamed(field.command('set'))
    .argument('<field>', 'name of the field')
    .requiredOption('--type <type>', 'text, number, boolean, time or json')
    .description('give a field another type; an owner of the data tenant does')
    .addHelpText('after', FIELD_HELP)
    .addHelpText('after', examples('dataset field set orders postcode --type text'))
    .action((name: string, given: string, flags: InTenantFlags & { type: string }) =>
      setFieldType(context, name, { name: given, ...flags }),
    )
  addHistoryVerbs(dataset, context)
}

function addHistoryVerbs(dataset: Command, context: CliContext): void {
  const history = dataset.command('history').description('what issues and reviews were before another took their place')
  addNamed(history.command('on'))
    .description('keep it from the next import on; an owner of the data tenant does')
    .action((name: string, flags: InTenantFlags) => setHistory(context, name, { ...flags, on: true }))
  addNamed(history.command('off'))
    .option('--yes', 'without being asked again')
    .description('keep it no more, and remove what was kept')
    .action((name: string, flags: InTenantFlags & { yes?: boolean }) =>
      setHistory(context, name, { ...flags, on: false }),
    )
  addNamed(history.command('show'))
    .requiredOption('--key <key>', 'of the record: an issue’s key, a review’s id')
    .option('--before <change>', 'go on where an answer said')
    .description('what a record was before, the newest change first')
    .addHelpText('after', examples('dataset history show backlog --key SHOP-17'))
    .action((name: string, flags: InTenantFlags & { key: string; before?: string }) =>
      showHistory(context, name, flags),
    )
}
