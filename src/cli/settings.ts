/** Every setting of the two servers: its flag, its variable, its default and what it means. The one table that flags, files and docs stand on. */

/** A server that reads settings. */
export type Role = 'platform' | 'runtime'

export type Setting = {
  /** Name in the YAML file; the flag is `--<key>`, the variable `SLUICE_<KEY>` with `_` for `-`. */
  key: string
  roles: readonly Role[]
  kind: 'text' | 'port' | 'count' | 'switch'
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
    key: 'ingest-port',
    roles: ['runtime'],
    kind: 'port',
    placeholder: 'port',
    description: 'port of uploads and webhooks from outside; off unless given',
    defaultOf: () => undefined,
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
    key: 'credential-sources',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'sources',
    description:
      'where credentials may come from beside the vault: of environment, file, command those that are named, or none',
    defaultOf: () => 'environment,file,command',
  },
  {
    key: 'otlp-endpoint',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'url',
    description:
      'https address of a collector that figures and traces are sent to by OTLP; http only to this machine; off unless given',
    defaultOf: () => undefined,
  },
  {
    key: 'otlp-headers-file',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'file',
    description: 'file of headers for the collector, `name: value` a line, mode 0600',
    defaultOf: () => undefined,
  },
  {
    key: 'otlp-ca-file',
    roles: ['runtime'],
    kind: 'text',
    placeholder: 'file',
    description: 'PEM of the authority that vouches for the collector, if no public one does',
    defaultOf: () => undefined,
  },
  {
    key: 'otlp-trace-one-in',
    roles: ['runtime'],
    kind: 'count',
    placeholder: 'count',
    description: 'one batch in so many is followed through its flow, 10 a second at most; 0 for none',
    defaultOf: () => '1000',
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
