/** `sluice config`: what is in force, and whence. */
import { type Command, Option } from 'commander'
import { effectiveSettings, type Flags } from '../config.ts'
import type { CliContext } from '../context.ts'
import { print, table } from '../output.ts'
import { type Role, SETTINGS, variableOf } from '../settings.ts'

/** Adds the flags of all settings of a role to a verb. */
export function addSettingFlags(command: Command, role: Role): Command {
  for (const setting of SETTINGS.filter(({ roles }) => roles.includes(role))) {
    const flag = setting.kind === 'switch' ? `--${setting.key}` : `--${setting.key} <${setting.placeholder}>`
    const fallback = setting.defaultOf(role, { data: '<data>' })
    const shown = fallback && setting.key !== 'data' && setting.kind !== 'switch' ? `; default ${fallback}` : ''
    command.addOption(new Option(flag, `${setting.description} (${variableOf(setting)}${shown})`))
  }
  return command.option('--config <file>', `YAML file of settings (SLUICE_CONFIG; default /etc/sluice/${role}.yaml)`)
}

export function addConfigVerb(program: Command, context: CliContext): void {
  const verb = program.command('config').description('print every setting in force and whence it comes')
  verb
    .addOption(new Option('--role <role>', 'which server').choices(['platform', 'runtime']).default('runtime'))
    .option('--config <file>', 'YAML file of settings (SLUICE_CONFIG)')
    .option('--json', 'print JSON')
    .action(async (flags: Flags & { role: Role; json?: boolean }) => {
      const settings = await effectiveSettings(
        flags.role,
        { config: flags['config'] },
        context.environment,
        context.root,
      )
      print(context.terminal, flags.json, settings, (list) =>
        table(
          ['SETTING', 'VALUE', 'FROM'],
          list.map(({ key, value, from }) => [key, value, from]),
        ),
      )
    })
}
