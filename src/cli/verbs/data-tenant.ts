/** `sluice data-tenant`: parties whose datasets a Runtime keeps apart, and who is a member of which. */
import type { Command } from 'commander'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { DataTenant, DataTenants, Members } from '../datasets/answers.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { DATA_TENANT, dataTenantNamed } from '../datasets/named.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags, examples } from './remote.ts'

type GrantFlags = { role: string; clearance?: string }

const USER = 'name or id (usr_…) of the user'

export function addDataTenantVerbs(program: Command, context: CliContext): void {
  const tenant = program
    .command('data-tenant')
    .description('parties whose datasets a Runtime keeps apart, each in a database and under a key of its own')
    .addHelpText('after', examples('data-tenant create acme', 'data-tenant member add acme mary --role operator'))
  addRemoteFlags(tenant.command('create'))
    .argument('<name>', 'what the party is called')
    .description('make a data tenant; you become its first owner')
    .action((name: string, flags: RemoteFlags) => create(context, name, flags))
  addRemoteFlags(tenant.command('list'))
    .description('list the data tenants that you are a member of; an owner of the Runtime sees the names of all')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(tenant.command('remove'))
    .argument('<data-tenant>', DATA_TENANT)
    .option('--force', 'without being asked again')
    .description('destroy a data tenant: datasets, documents, tokens, members and keys')
    .action((name: string, flags: RemoteFlags & { force?: boolean }) => remove(context, name, flags))
  addMemberVerbs(tenant.command('member').description('who may see and do what in a data tenant'), context)
}

function addMemberVerbs(member: Command, context: CliContext): void {
  addRemoteFlags(member.command('add'))
    .argument('<data-tenant>', DATA_TENANT)
    .argument('<user>', USER)
    .option('--role <role>', 'viewer (queries), operator (datasets, tokens, uploads) or owner (all)', 'viewer')
    .option('--clearance <class>', 'public, or restricted for all fields (default: as before; for a new member public)')
    .description('give a user a role and a clearance there, or others')
    .action((tenant: string, user: string, flags: RemoteFlags & GrantFlags) => addMember(context, tenant, user, flags))
  addRemoteFlags(member.command('list'))
    .argument('<data-tenant>', DATA_TENANT)
    .description('list the members, the earliest first')
    .action((tenant: string, flags: RemoteFlags) => listMembers(context, tenant, flags))
  addRemoteFlags(member.command('remove'))
    .argument('<data-tenant>', DATA_TENANT)
    .argument('<user>', USER)
    .description('take a user’s role there away; the last owner stays')
    .action((tenant: string, user: string, flags: RemoteFlags) => removeMember(context, tenant, user, flags))
}

async function create(context: CliContext, name: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const made = readAs(DataTenant, await client.request('POST', '/v1/data-tenants', { name }))
  print(context.terminal, flags.json, made, (one) =>
    [
      `Made ${one.name} (${one.id}). You are its owner.`,
      `Make a dataset in it with: sluice dataset create NAME --data-tenant ${one.id} --shape test-results`,
    ].join('\n'),
  )
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { dataTenants } = readAs(DataTenants, await client.get('/v1/data-tenants'))
  print(context.terminal, flags.json, dataTenants, (all) =>
    all.length === 0
      ? 'No data tenants yet. An owner of the Runtime makes one with `sluice data-tenant create NAME`.'
      : table(
          ['NAME', 'YOUR ROLE', 'ID'],
          all.map(({ name, role, id }) => [name, role ?? 'none', id]),
        ),
  )
}

async function remove(context: CliContext, named: string, flags: RemoteFlags & { force?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await dataTenantNamed(client, named)
  const loses = `All datasets, documents, tokens and keys of ${named} go`
  await confirmed(context, { name: named, loses, force: flags.force })
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: named }, () => `Removed ${named}. The audit trail certifies it.`)
}

async function addMember(
  context: CliContext,
  tenant: string,
  user: string,
  flags: RemoteFlags & GrantFlags,
): Promise<void> {
  const { client } = await connect(context, flags)
  const given = { role: flags.role, ...(flags.clearance !== undefined && { clearance: flags.clearance }) }
  const path = await memberPath(client, tenant, user)
  await client.request('PUT', path, given)
  // A clearance that was not named is whatever it was before: what holds now is the Runtime's to say.
  const { members } = readAs(Members, await client.get(path.slice(0, path.lastIndexOf('/'))))
  const clearance = members.find((one) => one.user.id === user || one.user.name === user)?.clearance
  const added = { dataTenant: tenant, user, role: flags.role, ...(clearance !== undefined && { clearance }) }
  print(context.terminal, flags.json, added, (one) => {
    const sees = one.clearance === 'restricted' ? 'all fields' : 'public fields only'
    return `${one.user} is ${one.role} in ${one.dataTenant} now and sees ${sees} (clearance ${one.clearance}).`
  })
}

async function listMembers(context: CliContext, tenant: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { members } = readAs(Members, await client.get(`${await dataTenantNamed(client, tenant)}/members`))
  print(context.terminal, flags.json, members, (all) =>
    table(
      ['NAME', 'ROLE', 'CLEARANCE', 'SINCE', 'ID'],
      all.map(({ user, role, clearance, since }) => [user.name, role, clearance, since, user.id]),
    ),
  )
}

async function removeMember(context: CliContext, tenant: string, user: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  await client.request('DELETE', await memberPath(client, tenant, user))
  print(context.terminal, flags.json, { dataTenant: tenant, removed: user }, (one) => {
    return `${one.removed} has no role in ${one.dataTenant} any more.`
  })
}

async function memberPath(client: Parameters<typeof dataTenantNamed>[0], tenant: string, user: string) {
  return `${await dataTenantNamed(client, tenant)}/members/${encodeURIComponent(user)}`
}
