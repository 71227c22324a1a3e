/** `sluice user`: who may sign in at a server, and in which role. */
import type { Command } from 'commander'
import type * as v from 'valibot'
import { readAs, User, UserLink, Users } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

const NAME = 'name or id (usr_…) of the user'
const ROLE = 'viewer, operator or owner'

export function addUserVerbs(program: Command, context: CliContext): void {
  const user = program.command('user').description('who may sign in, and in which role')
  addRemoteFlags(user.command('list'))
    .description('list users')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(user.command('invite'))
    .argument('<name>', 'what they type to sign in')
    .option('--role <role>', ROLE, 'viewer')
    .description('make a user, and the one-time link that sets their password')
    .action((name: string, flags: RemoteFlags & { role: string }) => invite(context, name, flags))
  addRemoteFlags(user.command('link'))
    .argument('<user>', NAME)
    .description('make a new one-time link that sets the password of who lost theirs')
    .action((name: string, flags: RemoteFlags) => link(context, name, flags))
  addRemoteFlags(user.command('role'))
    .argument('<user>', NAME)
    .argument('<role>', ROLE)
    .description('give another role; it holds from the next request on')
    .action((name: string, role: string, flags: RemoteFlags) =>
      change(context, flags, { method: 'PATCH', path: pathOf(name), body: { role }, done: `is ${role} now` }),
    )
  addRemoteFlags(user.command('rename'))
    .argument('<user>', NAME)
    .argument('<name>', 'the new name')
    .description('give another name')
    .action((name: string, to: string, flags: RemoteFlags) =>
      change(context, flags, {
        method: 'PATCH',
        path: pathOf(name),
        body: { name: to },
        done: `is the name of ${name} now`,
      }),
    )
  addRemoteFlags(user.command('disable'))
    .argument('<user>', NAME)
    .description('end sessions and refuse everything, until enabled again')
    .action((name: string, flags: RemoteFlags) =>
      change(context, flags, { method: 'POST', path: `${pathOf(name)}/disable`, done: 'is disabled' }),
    )
  addRemoteFlags(user.command('enable'))
    .argument('<user>', NAME)
    .description('let a disabled user in again')
    .action((name: string, flags: RemoteFlags) =>
      change(context, flags, { method: 'POST', path: `${pathOf(name)}/enable`, done: 'is enabled' }),
    )
  addRemoteFlags(user.command('remove'))
    .argument('<user>', NAME)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .description('remove a user with sessions and tokens')
    .action(async (name: string, flags: RemoteFlags & { yes?: boolean }) => {
      const loses = `The account of ${name} goes, with its sessions and tokens`
      await confirmed(context, { name, loses, force: flags.yes, flag: '--yes' })
      await change(context, flags, { method: 'DELETE', path: pathOf(name), done: 'is removed' })
    })
  addRemoteFlags(user.command('reset-totp'))
    .argument('<user>', NAME)
    .description('take away the authenticator of who lost it')
    .action((name: string, flags: RemoteFlags) => resetTotp(context, name, flags))
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { users } = readAs(Users, await client.get('/v1/users'))
  print(context.terminal, flags.json, users, (all) =>
    table(
      ['NAME', 'ROLE', 'STATE', 'SIGNS IN BY', 'ID'],
      all.map((one) => [one.name, one.role, stateOf(one), waysOf(one), one.id]),
    ),
  )
}

async function invite(context: CliContext, name: string, flags: RemoteFlags & { role: string }): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(UserLink, await client.request('POST', '/v1/users', { name, role: flags.role }))
  printLink(context, flags, answer)
}

async function link(context: CliContext, name: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  printLink(context, flags, readAs(UserLink, await client.request('POST', `${pathOf(name)}/link`)))
}

type Change = { method: 'PATCH' | 'POST' | 'DELETE'; path: string; body?: unknown; done: string }

async function change(context: CliContext, flags: RemoteFlags, { method, path, body, done }: Change): Promise<void> {
  const { client } = await connect(context, flags)
  const user = readAs(User, await client.request(method, path, body))
  print(context.terminal, flags.json, user, ({ name }) => `${name} ${done}.`)
}

async function resetTotp(context: CliContext, name: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  await client.request('DELETE', `${pathOf(name)}/totp`)
  print(context.terminal, flags.json, { user: name }, () => `${name} signs in by password alone now.`)
}

function printLink(context: CliContext, flags: RemoteFlags, answer: v.InferOutput<typeof UserLink>): void {
  print(context.terminal, flags.json, answer, ({ user, link: address, expiresAt }) =>
    [`Hand this link to ${user.name}. It works once, until ${expiresAt}:`, '', `  ${address}`].join('\n'),
  )
}

function pathOf(user: string): string {
  return `/v1/users/${encodeURIComponent(user)}`
}

type Listed = v.InferOutput<typeof Users>['users'][number]

function stateOf({ disabledAt, hasPassword, hasIdentity }: Listed): string {
  if (disabledAt) return 'disabled'
  return hasPassword || hasIdentity ? 'active' : 'invited'
}

function waysOf({ hasPassword, hasIdentity, hasTotp }: Listed): string {
  const ways = [hasPassword && 'password', hasIdentity && 'OpenID', hasTotp && 'authenticator']
  return ways.filter((way) => way !== false).join(', ') || '–'
}
