/** `sluice token`: what a pipeline uploads to one dataset with. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { Shape } from '../../wire/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { MadeUploadToken, UploadTokens } from '../datasets/answers.ts'
import { DATASET, datasetNamed, IN_DATA_TENANT } from '../datasets/named.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags, examples } from './remote.ts'

type DatasetFlags = RemoteFlags & { dataset: string; dataTenant?: string }
type CreateFlags = DatasetFlags & { name: string; days: string; script?: string }

/** Path of the authority's file in what the command prints. */
const CA_FILE = 'sluice-ca.pem'
const SCRIPTS = 'github, gitlab, azure, jenkins, bash or powershell'

export function addUploadTokenVerbs(program: Command, context: CliContext): void {
  const token = program
    .command('token')
    .description('tokens by which pipelines upload to one dataset, and nothing else')
  addDatasetFlags(token.command('create'))
    .requiredOption('--name <name>', 'what uploads with it')
    .option('--days <n>', 'days until it ends, 1 to 1096', '365')
    .option('--script <pipeline>', `also print a script for it: ${SCRIPTS}`)
    .description('make a token; it is shown once, with lines that upload')
    .addHelpText('after', examples('token create --dataset nightly --name ci --script github'))
    .action((flags: CreateFlags) => create(context, flags))
  addDatasetFlags(token.command('list'))
    .description('list the tokens of a dataset with their last use')
    .action((flags: DatasetFlags) => list(context, flags))
  addDatasetFlags(token.command('revoke'))
    .argument('<token>', 'its id, as `list` shows it')
    .description('revoke a token, from the next request on')
    .action((id: string, flags: DatasetFlags) => revoke(context, id, flags))
}

function addDatasetFlags(command: Command): Command {
  return addRemoteFlags(command)
    .requiredOption('--dataset <dataset>', DATASET)
    .option('--data-tenant <data-tenant>', IN_DATA_TENANT)
}

const ShapeOfDataset = v.looseObject({ shape: Shape })
const ShownCertificate = v.looseObject({ certificate: v.looseObject({ installed: v.boolean() }) })

async function create(context: CliContext, flags: CreateFlags): Promise<void> {
  if (!/^\d{1,4}$/.test(flags.days)) throw new UsageInvalid(`--days takes a whole number, not \`${flags.days}\``)
  const { ciScripts, curlLine, uploadLine } = await import('../../datasets/mod.ts')
  const scriptOf = (place: Parameters<typeof ciScripts>[0]) =>
    ciScripts(place).find(({ name }) => name === flags.script)
  if (flags.script !== undefined && !scriptOf({ url: '', dataset: '', shape: 'table' }))
    throw new UsageInvalid(`--script takes ${SCRIPTS}, not \`${flags.script}\``)
  const { client, access } = await connect(context, flags)
  const place = await datasetNamed(client, flags.dataset, flags.dataTenant)
  const { shape } = readAs(ShapeOfDataset, await client.get(place))
  const asked = { name: flags.name, days: Number(flags.days) }
  const made = readAs(MadeUploadToken, await client.request('POST', `${place}/tokens`, asked))
  // Its own authority is what others must trust only while it shows its own certificate.
  const { certificate } = readAs(ShownCertificate, await client.get('/v1/status'))
  const ca = certificate.installed ? undefined : access.ca
  const [url = '', dataset = ''] = made.uploadAddress.split(/\/v1\/datasets\/|\/uploads$/)
  const where = { url, dataset, shape, ca: ca === undefined ? undefined : CA_FILE }
  const script = scriptOf(where)
  print(context.terminal, flags.json, { ...made, ...(script && { script: script.text }) }, ({ token, expiresAt }) =>
    [
      ...[token, '', `Shown this once. It uploads to this dataset, and nothing else, until ${expiresAt}.`],
      ...['Keep it where the pipeline keeps secrets, as SLUICE_UPLOAD_TOKEN. Then:', ''],
      ...[uploadLine(where), '', 'or with curl, one file:', '', curlLine(where)],
      ...(ca === undefined ? [] : ['', `${CA_FILE}, which is no secret:`, '', ca.trimEnd()]),
      ...(script ? ['', `${script.title}:`, '', script.text.trimEnd()] : []),
    ].join('\n'),
  )
}

async function list(context: CliContext, flags: DatasetFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, flags.dataset, flags.dataTenant)}/tokens`
  const { tokens } = readAs(UploadTokens, await client.get(path))
  print(context.terminal, flags.json, tokens, (all) =>
    all.length === 0
      ? 'No tokens. Make one with `sluice token create --dataset DATASET --name NAME`.'
      : table(
          ['NAME', 'STATE', 'ENDS', 'LAST USED', 'FROM', 'ID'],
          all.map((one) => [
            ...[one.name, one.state.replace('_', ' '), one.expiresAt, one.usedAt ?? 'never', one.address, one.id],
          ]),
        ),
  )
}

async function revoke(context: CliContext, id: string, flags: DatasetFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, flags.dataset, flags.dataTenant)}/tokens`
  await client.request('DELETE', `${path}/${encodeURIComponent(id)}`)
  print(context.terminal, flags.json, { revoked: id }, () => `Revoked ${id}.`)
}
