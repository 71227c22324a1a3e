/** docs/settings.md: every setting of the two servers, from the table that flags, variables and files stand on. */
import { defaultData } from '../../src/cli/config.ts'
import { type Role, SETTINGS, type Setting, variableOf } from '../../src/cli/settings.ts'
import { GENERATED, page, table } from './markdown.ts'

/** What no setting holds, because it is a secret or needed before there are settings. */
const OTHER_VARIABLES = [
  ['`SLUICE_CONFIG`', 'the YAML file of settings, as `--config`'],
  [
    '`SLUICE_MASTER_KEY`',
    'the master key itself, 43 characters of base64url; goes before command, systemd credential and file',
  ],
  ['`CREDENTIALS_DIRECTORY`', 'set by systemd; the credential `sluice-master-key` in it is the master key'],
  [
    '`SLUICE_AT`, `SLUICE_TOKEN`',
    'the server that verbs speak to and the API token that they show, as `--at` and its access file',
  ],
  ['`SLUICE_LOG`', 'least level of the log lines on standard error: `debug`, `info`, `warning` (default) or `error`'],
]

function rowOf(setting: Setting, role: Role): string[] {
  const fallback = setting.defaultOf(role, { data: '<data>' })
  const shown = setting.key === 'data' ? 'see below' : fallback === undefined ? '–' : `\`${fallback}\``
  const flag = setting.kind === 'switch' ? `--${setting.key}` : `--${setting.key} <${setting.placeholder}>`
  return [`\`${setting.key}\``, `\`${flag}\``, `\`${variableOf(setting)}\``, shown, setting.description]
}

function section(role: Role, title: string): string[] {
  const rows = SETTINGS.filter(({ roles }) => roles.includes(role)).map((setting) => rowOf(setting, role))
  const data = [
    `The data folder is \`${defaultData(role, {}, true)}\` for root, else`,
    `\`${defaultData(role, { XDG_STATE_HOME: '$XDG_STATE_HOME' }, false)}\`,`,
    `else \`${defaultData(role, { HOME: '$HOME' }, false)}\`.`,
  ]
  return [`## ${title}`, table(['key', 'flag', 'variable', 'default', 'meaning'], rows), data.join(' ')]
}

export function settingsPage(): string {
  return page(
    '# Settings',
    GENERATED,
    [
      'A flag goes before its variable, the variable before the file, the file before the default. The file is YAML, one',
      '`key: value` a line: `--config`, else `/etc/sluice/platform.yaml` and `/etc/sluice/runtime.yaml`. A key that is no',
      'setting is refused with the one that was probably meant. `sluice config --role runtime` prints what is in force and whence.',
    ].join('\n'),
    ...section('platform', '`sluice platform`'),
    ...section('runtime', '`sluice runtime`'),
    '## Other variables',
    table(['variable', 'meaning'], OTHER_VARIABLES),
  )
}
