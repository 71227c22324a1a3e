/** `sluice connector`: scheduled pulls from systems' APIs into datasets. */
import type { Command } from 'commander'
import { AppError, nounFor, systemClock } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import {
  ConnectorAnswer,
  ConnectorList,
  ConnectorTypes,
  CursorAnswer,
  Discovered,
  RunAnswer,
  Runs,
  Said,
} from '../connectors/answers.ts'
import { mergedJson } from '../connectors/merged-json.ts'
import { type SettingFlags, settingsOf } from '../connectors/settings-of.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { DATA_TENANT, DATASET, datasetNamed, dataTenantNamed } from '../datasets/named.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { collect } from './credential-fields.ts'
import { addRemoteFlags, examples } from './remote.ts'

/** A run that was waited for failed, or some of what it brought was refused. */
export class ConnectorRunUnfit extends AppError {
  override readonly code = 'connector.run_unfit' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'What it said stands above; earlier runs are in `sluice connector history`.'
}

type InTenant = RemoteFlags & { dataTenant: string }
type Wanted = SettingFlags & { credential?: string; network?: string; cron?: string; timeZone?: string }
type CreateFlags = InTenant & Wanted & { dataset: string; type: string }
type CursorFlags = InTenant & { reset?: boolean; to?: string; merge?: string }

const CONNECTOR = 'name or id (con_…) of the connector'

export function addConnectorVerbs(program: Command, context: CliContext): void {
  const connector = program.command('connector').description('scheduled pulls from a system’s API into a dataset')
  addWanted(inTenant(connector.command('create')))
    .argument('<name>', 'lower-case letters, digits, - and _')
    .requiredOption('--dataset <dataset>', DATASET)
    .requiredOption('--type <type>', 'see `sluice connector types`')
    .description('make a connector; unless you are an owner of the Runtime, it waits for one to approve it')
    .addHelpText('after', examples('connector create bugs --dataset bugs --type jira --config-file jira.yaml'))
    .action((name: string, flags: CreateFlags) => create(context, name, flags))
  addWanted(named(connector.command('change')))
    .description('change what is given; settings that are not given stay')
    .action((name: string, flags: InTenant & Wanted) => change(context, name, flags))
  inTenant(connector.command('list'))
    .description('list the connectors of a data tenant with their last runs')
    .action((flags: InTenant) => list(context, flags))
  named(connector.command('show'))
    .description('its settings, schedule, approval and last run')
    .action((name: string, flags: InTenant) => show(context, name, flags))
  named(connector.command('approve'))
    .description('agree, as an owner of the Runtime, to lend its credential to its site')
    .action((name: string, flags: InTenant) => approve(context, name, flags))
  named(connector.command('check'))
    .description('ask the site whether it answers, and who one is there')
    .action((name: string, flags: InTenant) => check(context, name, flags))
  named(connector.command('discover'))
    .description('list the fields that the site has, to choose from')
    .action((name: string, flags: InTenant) => discover(context, name, flags))
  addRunVerbs(connector, context)
  named(connector.command('remove'))
    .option('--force', 'without being asked again')
    .description('remove a connector with its cursor and history; what it has pulled stays')
    .action((name: string, flags: InTenant & { force?: boolean }) => remove(context, name, flags))
  addRemoteFlags(connector.command('types'))
    .option('--schema <type>', 'JSON Schema of the settings of that type, for an editor')
    .description('the types of connectors with their settings')
    .action((flags: RemoteFlags & { schema?: string }) => types(context, flags))
}

function addRunVerbs(connector: Command, context: CliContext): void {
  named(connector.command('run'))
    .option('--wait', 'until it has ended; fails unless it went well')
    .description('run it now')
    .action((name: string, flags: InTenant & { wait?: boolean }) => run(context, name, flags))
  named(connector.command('history'))
    .option('--limit <n>', 'at most so many runs', '20')
    .description('its last runs with rows, times and what went wrong')
    .action((name: string, flags: InTenant & { limit: string }) => history(context, name, flags))
  for (const word of ['pause', 'resume'] as const)
    named(connector.command(word))
      .description(
        word === 'pause'
          ? 'end its run, and run it by no schedule until it is resumed'
          : 'let its schedule run it again',
      )
      .action((name: string, flags: InTenant) => pause(context, name, { ...flags, paused: word === 'pause' }))
  named(connector.command('cursor'))
    .option('--reset', 'begin anew with the next run; what comes again takes its own place')
    .option('--to <json>', 'go on from there')
    .option('--merge <json>', 'change these parts of it; null takes one away (RFC 7396)')
    .description('how far it is')
    .action((name: string, flags: CursorFlags) => cursor(context, name, flags))
}

function inTenant(command: Command): Command {
  return addRemoteFlags(command).requiredOption('--data-tenant <data-tenant>', DATA_TENANT)
}

function named(command: Command): Command {
  return inTenant(command).argument('<connector>', CONNECTOR)
}

function addWanted(command: Command): Command {
  return command
    .option('--credential <name>', 'name of a credential in the vault')
    .option('--config-file <file>', 'YAML file with the settings of its type')
    .option('--set <name=value>', 'one setting; may be given several times', collect)
    .option('--cron <expression>', 'when it runs, five fields; `none`: when it is told to')
    .option('--time-zone <zone>', 'of the schedule, such as Europe/Berlin')
    .option('--network <network>', 'private: the site may be at a private address; public: it may not')
}

async function below(client: Client, { dataTenant }: InTenant, name?: string): Promise<string> {
  const path = `${await dataTenantNamed(client, dataTenant)}/connectors`
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`
}

function wantedOf({ credential, network, cron, timeZone }: Wanted) {
  return {
    ...{ ...(credential !== undefined && { credential }), ...(network !== undefined && { network }) },
    ...{
      ...(cron !== undefined && { cron: cron === 'none' ? null : cron }),
      ...(timeZone !== undefined && { timeZone }),
    },
  }
}

async function create(context: CliContext, name: string, flags: CreateFlags): Promise<void> {
  const config = (await settingsOf(flags)) ?? {}
  const { client } = await connect(context, flags)
  const dataset = (await datasetNamed(client, flags.dataset, flags.dataTenant)).split('/').at(-1)
  const asked = { name, dataset, type: flags.type, config, ...wantedOf(flags) }
  const made = readAs(ConnectorAnswer, await client.request('POST', await below(client, flags), asked))
  print(context.terminal, flags.json, made, ({ id, state, host, nextRunAt }) =>
    [
      `Made ${name} (${id}).`,
      state === 'awaiting-approval'
        ? `An owner of this Runtime must approve it first: it lends a credential to ${host}.`
        : `Try it with: sluice connector check ${name} --data-tenant ${flags.dataTenant}`,
      ...(nextRunAt ? [`It runs next at ${nextRunAt}.`] : []),
    ].join('\n'),
  )
}

async function change(context: CliContext, name: string, flags: InTenant & Wanted): Promise<void> {
  const settings = await settingsOf(flags)
  const { client } = await connect(context, flags)
  const path = await below(client, flags, name)
  const { config: before } = readAs(ConnectorAnswer, await client.get(path))
  const config = flags.configFile === undefined && settings ? { ...(before as object), ...settings } : settings
  const changed = readAs(
    ConnectorAnswer,
    await client.request('PATCH', path, { ...wantedOf(flags), ...(config && { config }) }),
  )
  print(context.terminal, flags.json, changed, ({ state }) =>
    state === 'awaiting-approval' ? `Changed ${name}. An owner of this Runtime must approve it.` : `Changed ${name}.`,
  )
}

async function list(context: CliContext, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const { connectors } = readAs(ConnectorList, await client.get(await below(client, flags)))
  print(context.terminal, flags.json, connectors, (all) =>
    all.length === 0
      ? 'No connectors yet. See what there is with `sluice connector types`.'
      : table(
          ['NAME', 'TYPE', 'SITE', 'STATE', 'LAST RUN', 'NEXT RUN', 'ID'],
          all.map(({ name, type, host, state, lastRun, nextRunAt, id }) => [
            ...[name, type, host, state.replace('-', ' ')],
            ...[lastRun ? `${lastRun.startedAt} (${lastRun.state})` : 'never', nextRunAt, id],
          ]),
        ),
  )
}

async function show(context: CliContext, name: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const connector = readAs(ConnectorAnswer, await client.get(await below(client, flags, name)))
  const { stringify } = await import('yaml')
  print(context.terminal, flags.json, connector, (one) =>
    [
      `${one.name} (${one.id}): ${one.type} at ${one.host}, ${one.state.replace('-', ' ')}`,
      `into ${one.dataset}, credential ${one.credential ?? 'none'}, network ${one.network}`,
      one.cron
        ? `${one.cron} in ${one.timeZone}; next ${one.nextRunAt ?? 'when it is resumed and approved'}`
        : 'runs when it is told to',
      ...(one.approvedAt ? [`approved by ${one.approvedBy} at ${one.approvedAt}`] : ['approved by nobody']),
      ...(one.lastRun ? ['', ...linesOf(one.lastRun)] : []),
      ...['', stringify(one.config).trimEnd()],
    ].join('\n'),
  )
}

async function approve(context: CliContext, name: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const approved = readAs(ConnectorAnswer, await client.request('POST', `${await below(client, flags, name)}/approve`))
  print(context.terminal, flags.json, approved, ({ credential, host }) =>
    credential ? `${name} may use ${credential} at ${host}.` : `${name} may connect to ${host}.`,
  )
}

async function check(context: CliContext, name: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const said = readAs(Said, await client.request('POST', `${await below(client, flags, name)}/check`))
  print(context.terminal, flags.json, said, (one) => one.said.join('\n'))
}

async function discover(context: CliContext, name: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const found = readAs(Discovered, await client.request('POST', `${await below(client, flags, name)}/discover`))
  print(context.terminal, flags.json, found, ({ setting, fields }) =>
    [
      table(
        ['ID', 'NAME', 'TYPE', 'OF THE SITE’S OWN'],
        fields.map(({ id, name: field, type, own }) => [id, field, type, own ? 'yes' : 'no']),
      ),
      '',
      `Choose with: sluice connector change ${name} --data-tenant ${flags.dataTenant} --set '${setting}=[ID, …]'`,
    ].join('\n'),
  )
}

/** How often it is looked whether a run has ended. */
const LOOK_MS = 500

async function run(context: CliContext, name: string, flags: InTenant & { wait?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await below(client, flags, name)
  let last = readAs(RunAnswer, await client.request('POST', `${path}/run`))
  while (flags.wait && !last.endedAt) {
    await systemClock.sleep(LOOK_MS, context.signal)
    const { runs } = readAs(Runs, await client.get(`${path}/runs?limit=20`))
    last = runs.find(({ id }) => id === last.id) ?? last
  }
  print(context.terminal, flags.json, last, (one) => linesOf(one).join('\n'))
  if (flags.wait && last.state !== 'done') throw new ConnectorRunUnfit(`the run ended ${last.state}`)
}

async function history(context: CliContext, name: string, flags: InTenant & { limit: string }): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await below(client, flags, name)
  const { runs } = readAs(Runs, await client.get(`${path}/runs?limit=${encodeURIComponent(flags.limit)}`))
  print(context.terminal, flags.json, runs, (all) =>
    all.length === 0
      ? 'It has not run yet.'
      : table(
          ['STARTED', 'ENDED', 'BY', 'STATE', 'PAGES', 'RECORDS', 'NEW', 'REPLACED', 'REFUSED', 'REMOVED', 'WHY'],
          all.map((one) => [
            ...[one.startedAt, one.endedAt, one.startedBy ?? 'schedule', one.state, one.pages, one.records],
            ...[one.rowsTaken - one.rowsReplaced, one.rowsReplaced, one.rowsRefused, one.removed],
            one.failure?.message ?? one.warnings[0]?.message ?? '',
          ]),
        ),
  )
}

async function pause(
  context: CliContext,
  name: string,
  { paused, ...flags }: InTenant & { paused: boolean },
): Promise<void> {
  const { client } = await connect(context, flags)
  const changed = readAs(ConnectorAnswer, await client.request('PATCH', await below(client, flags, name), { paused }))
  print(context.terminal, flags.json, changed, ({ nextRunAt }) =>
    paused ? `Paused ${name}.` : `Resumed ${name}${nextRunAt ? `; it runs next at ${nextRunAt}` : ''}.`,
  )
}

async function cursor(context: CliContext, name: string, flags: CursorFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await below(client, flags, name)}/cursor`
  if (flags.reset || flags.to !== undefined)
    await client.request('PUT', path, { cursor: flags.reset ? null : cursorOf('--to', flags.to ?? 'null') })
  else if (flags.merge !== undefined) {
    const { cursor: before } = readAs(CursorAnswer, await client.get(path))
    await client.request('PUT', path, { cursor: mergedJson(before, cursorOf('--merge', flags.merge)) })
  }
  const answer = readAs(CursorAnswer, await client.get(path))
  print(context.terminal, flags.json, answer, (one) =>
    one.cursor === null ? 'It begins with the first record that there is.' : JSON.stringify(one.cursor, undefined, 2),
  )
}

function cursorOf(flag: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageInvalid(`${flag} takes JSON`)
  }
}

async function remove(context: CliContext, name: string, flags: InTenant & { force?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await below(client, flags, name)
  await confirmed(context, { name, loses: `The cursor and the history of ${name} go`, force: flags.force })
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: name }, () => `Removed ${name}. What it has pulled stays.`)
}

async function types(context: CliContext, flags: RemoteFlags & { schema?: string }): Promise<void> {
  const { client } = await connect(context, flags)
  const { types: all } = readAs(ConnectorTypes, await client.get('/v1/connector-types'))
  if (flags.schema !== undefined) {
    const found = all.find(({ type }) => type === flags.schema)
    if (!found) throw new UsageInvalid(`--schema takes one of: ${all.map(({ type }) => type).join(', ')}`)
    return print(context.terminal, flags.json, found.schema, (schema) => JSON.stringify(schema, undefined, 2))
  }
  print(context.terminal, flags.json, all, (some) =>
    some
      .flatMap(({ type, summary, credentials, shapes, settings }) => [
        `${type}: ${summary}`,
        `  into datasets of the shape ${shapes.join(' or ')}; credential: ${credentials.join(', ')}`,
        ...settings.map(({ name, needed, description }) => `  ${name}${needed ? ' (needed)' : ''}: ${description}`),
        '',
      ])
      .join('\n')
      .trimEnd(),
  )
}

function linesOf({ state, startedAt, endedAt, ...run }: RunAnswer): string[] {
  const { pages, records, rowsTaken, rowsReplaced, rowsRefused, removed, failure, warnings } = run
  return [
    endedAt ? `The run of ${startedAt} ended at ${endedAt}: ${state}.` : `The run of ${startedAt} is under way.`,
    `${records} ${nounFor(records, 'record')} in ${pages} ${nounFor(pages, 'page')}: ${rowsTaken - rowsReplaced} new, ${rowsReplaced} replaced, ${rowsRefused} refused, ${removed} removed.`,
    ...(failure ? [`${failure.code}: ${failure.message}`, ...(failure.advice ? [failure.advice] : [])] : []),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ]
}
