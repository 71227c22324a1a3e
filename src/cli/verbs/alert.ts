/** `sluice alert`: where a Runtime tells people, by webhook or mail, what is wrong. */
import type { Command } from 'commander'
import { readText } from '../../host/mod.ts'
import { AlertChannel, AlertChannels, AlertWebhook, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

type WebhookFlags = RemoteFlags & { url: string; authority?: string }
type MailFlags = RemoteFlags & {
  host: string
  port: string
  security: string
  from: string
  to: string[]
  username?: string
  passwordFile?: string
  authority?: string
}

export function addAlertVerbs(program: Command, context: CliContext): void {
  const alert = program.command('alert').description('where a Runtime tells people what is wrong')
  addRemoteFlags(alert.command('list'))
    .description('list the channels and how each is doing')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(alert.command('add-webhook'))
    .argument('<name>', 'as you call it: team-chat')
    .requiredOption('--url <url>', 'where to post; https only')
    .option('--authority <file>', 'PEM of an authority of your own, if its certificate is not from a public one')
    .description('add a webhook (CloudEvents); prints the secret that signs what it gets, this once')
    .action((name: string, flags: WebhookFlags) => addWebhook(context, name, flags))
  addRemoteFlags(alert.command('add-mail'))
    .argument('<name>', 'as you call it: operations')
    .requiredOption('--host <host>', 'mail server')
    .requiredOption('--from <address>', 'who it is from')
    .requiredOption('--to <address...>', 'who gets it; several addresses may follow')
    .option('--security <kind>', 'tls (from the first byte) or starttls (demanded)', 'tls')
    .option('--port <n>', 'its port', '465')
    .option('--username <name>', 'for the login; without it there is none')
    .option('--password-file <file>', 'the password, from a file')
    .option('--authority <file>', 'PEM of an authority of your own, if its certificate is not from a public one')
    .description('add mail')
    .action((name: string, flags: MailFlags) => addMail(context, name, flags))
  addRemoteFlags(alert.command('test'))
    .argument('<name>', 'name or id of the channel')
    .description('send a test at once; fails as the channel does')
    .action((name: string, flags: RemoteFlags) => act(context, flags, 'POST', name, '/test', 'The test was taken.'))
  addRemoteFlags(alert.command('remove'))
    .argument('<name>', 'name or id of the channel')
    .description('remove a channel, and what it was still to be told')
    .action((name: string, flags: RemoteFlags) => act(context, flags, 'DELETE', name, '', `Removed ${name}.`))
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { channels } = readAs(AlertChannels, await client.get('/v1/alerts/channels'))
  print(context.terminal, flags.json, channels, (all) => {
    if (all.length === 0) return 'Nobody is told yet. Add a channel with: sluice alert add-webhook NAME --url …'
    const rows = all.map(({ name, kind, target, lastSentAt, lastFailure, dropped }) => [
      ...[name, kind, target, lastSentAt ?? 'never', lastFailure ?? (lastSentAt ? 'works' : 'not tried yet'), dropped],
    ])
    return table(['NAME', 'KIND', 'TO', 'LAST TOLD', 'STATE', 'DROPPED'], rows)
  })
}

async function addWebhook(context: CliContext, name: string, flags: WebhookFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const body = { name, url: flags.url, ...(await authorityOf(flags.authority)) }
  const added = readAs(AlertWebhook, await client.request('POST', '/v1/alerts/channels/webhook', body))
  print(context.terminal, flags.json, added, ({ channel, secret }) =>
    [`Added ${channel.name}. Its signing secret, which is not shown again:`, '', secret].join('\n'),
  )
}

async function addMail(context: CliContext, name: string, flags: MailFlags): Promise<void> {
  const { host, from, to, security, username, passwordFile, authority } = flags
  if (!/^\d{1,5}$/.test(flags.port)) throw new UsageInvalid(`--port takes a number, not \`${flags.port}\``)
  const password = passwordFile === undefined ? undefined : (await readText(passwordFile)).replace(/\r?\n$/, '')
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
  const body = { name, host, port: Number(flags.port), security, from, to, ...login, ...(await authorityOf(authority)) }
  const { client } = await connect(context, flags)
  const added = readAs(AlertChannel, await client.request('POST', '/v1/alerts/channels/mail', body))
  print(context.terminal, flags.json, added, (channel) => `Added ${channel.name}: ${channel.target}.`)
}

async function act(
  context: CliContext,
  flags: RemoteFlags,
  method: 'POST' | 'DELETE',
  name: string,
  suffix: string,
  done: string,
): Promise<void> {
  const { client } = await connect(context, flags)
  await client.request(method, `/v1/alerts/channels/${encodeURIComponent(name)}${suffix}`)
  print(context.terminal, flags.json, { channel: name }, () => done)
}

async function authorityOf(file: string | undefined): Promise<{ ca?: string }> {
  return file === undefined ? {} : { ca: await readText(file) }
}
