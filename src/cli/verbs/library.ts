/** `sluice library`: code modules that are installed on a Runtime for scripts to import. */
import { basename } from 'node:path'
import type { Command } from 'commander'
import { readBytes } from '../../host/mod.ts'
import { Libraries, Library, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

export function addLibraryVerbs(program: Command, context: CliContext): void {
  const library = program.command('library').description('code modules on a Runtime for scripts to import')
  addRemoteFlags(library.command('install'))
    .argument('<file>', 'a .js or .ts module, or a tarball as `npm pack` makes it')
    .option('--as <name@version>', 'name and version of a module; a tarball says its own')
    .description('install a library; it is read and kept, and nothing of it is run')
    .action((file: string, flags: RemoteFlags & { as?: string }) => install(context, file, flags))
  addRemoteFlags(library.command('list'))
    .description('list versions with their hashes, and how many components use each')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(library.command('remove'))
    .argument('<library>', 'name@version')
    .description('remove a version that nothing uses')
    .action((named: string, flags: RemoteFlags) => remove(context, named, flags))
}

async function install(context: CliContext, file: string, flags: RemoteFlags & { as?: string }): Promise<void> {
  const { client } = await connect(context, flags)
  const query = new URLSearchParams({ file: basename(file), ...(flags.as !== undefined && split(flags.as)) })
  const answer = readAs(Library, await client.request('POST', `/v1/libraries?${query}`, await readBytes(file)))
  print(context.terminal, flags.json, answer, ({ name, version, sha256, dependencies }) =>
    [
      `Installed ${name}@${version}.`,
      `SHA-256 ${sha256}`,
      ...(dependencies.length === 0 ? [] : [`It imports ${dependencies.join(', ')}: install these as well.`]),
    ].join('\n'),
  )
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(Libraries, await client.get('/v1/libraries'))
  print(context.terminal, flags.json, answer, ({ libraries, notAuthentic }) =>
    [
      libraries.length === 0
        ? 'No libraries yet. Install one with `sluice library install FILE`.'
        : table(
            ['NAME', 'VERSION', 'SHA-256', 'BYTES', 'USED BY'],
            libraries.map(({ name, version, sha256, bytes, uses }) => [name, version, sha256, bytes, uses.length]),
          ),
      ...notAuthentic.map((named) => `${named} was written by something else and counts for nothing: remove it.`),
    ].join('\n'),
  )
}

async function remove(context: CliContext, named: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { name, version } = split(named)
  await client.request('DELETE', `/v1/libraries/${encodeURIComponent(name)}/${encodeURIComponent(version)}`)
  print(context.terminal, flags.json, { removed: named }, () => `Removed ${named}.`)
}

/** The last `@`: a name may begin with one. */
function split(named: string): { name: string; version: string } {
  const at = named.lastIndexOf('@')
  if (at <= 0 || at === named.length - 1) throw new UsageInvalid(`a library is written name@version, not \`${named}\``)
  return { name: named.slice(0, at), version: named.slice(at + 1) }
}
