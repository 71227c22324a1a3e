/** Every setting of the two servers: its flag, its variable, its default and what it means. The one table that flags, files and docs stand on. */

/** A server that reads settings. */
export type Role = 'platform' | 'runtime'

export type Setting = {
  /** Name in the YAML file; the flag is `--<key>`, the variable `SLUICE_<KEY>` with `_` for `-`. */
  key: string
  roles: readonly Role[]
  kind: 'text' | 'port' | 'switch'
  /** What the value is called in the help. */
  placeholder: string
  description: string
  defaultOf(role: Role, context: { data: string }): string | undefined
}

const BOTH: readonly Role[] = ['platform', 'runtime']

export const SETTINGS: readonly Setting[] = [
  {
    key: 'data',
    roles: BOTH,
    kind: 'text',
    placeholder: 'folder',
    description: 'where state is kept; created with mode 0700',
    defaultOf: (_role, { data }) => data,
  },
  {
    key: 'host',
    roles: BOTH,
    kind: 'text',
    placeholder: 'address',
    description: 'address to listen on',
    defaultOf: () => '::',
  },
  {
    key: 'port',
    roles: BOTH,
    kind: 'port',
    placeholder: 'port',
    description: 'port of the web pages, the API and C2',
    defaultOf: (role) => (role === 'platform' ? '443' : '8752'),
  },
  {
    key: 'bridge-port',
    roles: ['runtime'],
    kind: 'port',
    placeholder: 'port',
    description: 'port of the Secure Bridges',
    defaultOf: () => '32100',
  },
  {
    key: 'name',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'name',
    description: 'name of this Runtime, as blueprints call it',
    defaultOf: () => undefined,
  },
  {
    key: 'public-host',
    roles: BOTH,
    kind: 'text',
    placeholder: 'name',
    description: 'host name or address under which others reach this server; stands in its certificate',
    defaultOf: () => undefined,
  },
  {
    key: 'files',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'folder',
    description: 'folder that relative paths of components are in',
    defaultOf: (_role, { data }) => `${data}/files`,
  },
  {
    key: 'master-key-file',
    roles: BOTH,
    kind: 'text',
    placeholder: 'file',
    description: 'file of the master key, mode 0600, made at first start; SLUICE_MASTER_KEY may hold the key itself',
    defaultOf: (_role, { data }) => `${data}/master.key`,
  },
  {
    key: 'master-key-command',
    roles: BOTH,
    kind: 'text',
    placeholder: 'command',
    description: 'command whose output is the master key, so that a KMS fits; run without a shell',
    defaultOf: () => undefined,
  },
  {
    key: 'allow-private-addresses',
    roles: ['platform'],
    kind: 'switch',
    placeholder: '',
    description: 'let this Platform call Runtimes on loopback, link-local and private addresses',
    defaultOf: () => 'false',
  },
]

/** The environment variable of a setting. */
export function variableOf(setting: Setting): string {
  return `SLUICE_${setting.key.toUpperCase().replaceAll('-', '_')}`
}
