/** Configuration in force: flags over `SLUICE_*` variables over a YAML file over defaults, each value with whence it came. */
import { hostname } from 'node:os'
import type { Document } from 'yaml'
import { AppError, nearestWord } from '../base/mod.ts'
import { readTextIfThere } from '../host/mod.ts'
import { UsageInvalid } from './exit.ts'
import { type Role, SETTINGS, type Setting, variableOf } from './settings.ts'

/** A configuration file that can't be used. */
export class ConfigInvalid extends AppError {
  override readonly code = 'config.invalid' as const
  override readonly advice = 'Run `sluice config` to see every setting with its value and source.'
}

export type Environment = Readonly<Record<string, string | undefined>>
export type Flags = Readonly<Record<string, string | boolean | undefined>>
export type Source = 'flag' | 'variable' | 'file' | 'default'
/** A value that somebody gave, and where. */
type Given = { value: string; source: Exclude<Source, 'default'>; from: string }
export type Effective = { key: string; value: string | undefined; source: Source; from: string }

/** `--bridge-port` arrives from commander as `bridgePort`. */
function flagName(key: string): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** `/var/lib/sluice/<role>` as root, else `$XDG_STATE_HOME/sluice/<role>`, else `~/.local/state/sluice/<role>`. */
export function defaultData(role: Role, environment: Environment, root: boolean): string {
  if (root) return `/var/lib/sluice/${role}`
  const state = environment['XDG_STATE_HOME'] ?? `${environment['HOME'] ?? '.'}/.local/state`
  return `${state}/sluice/${role}`
}

async function readFile(role: Role, path: string | undefined): Promise<{ path: string; values: Map<string, string> }> {
  const file = path ?? `/etc/sluice/${role}.yaml`
  const text = await readTextIfThere(file)
  if (text === undefined) {
    if (path !== undefined) throw new ConfigInvalid(`the configuration file ${path} is not there`)
    return { path: file, values: new Map() }
  }
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error) throw new ConfigInvalid(`${file}: ${error.message.split('\n')[0]?.replace(/:$/, '')}`)
  return { path: file, values: valuesOf(role, file, contentOf(file, document)) }
}

/** No aliases: settings are too few to need them, and they can blow up. */
function contentOf(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new ConfigInvalid(`${file}: aliases are not taken`, { cause })
  }
}

/** Settings are plain values under known keys; an empty file has none. */
function valuesOf(role: Role, file: string, content: unknown): Map<string, string> {
  const values = new Map<string, string>()
  if (content === null || content === undefined) return values
  if (typeof content !== 'object' || Array.isArray(content))
    throw new ConfigInvalid(`${file}: expected \`key: value\` lines`)
  for (const [key, value] of Object.entries(content)) {
    checkKey(role, file, key)
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new ConfigInvalid(`${file}: \`${key}\` has no plain value`)
    values.set(key, String(value))
  }
  return values
}

function checkKey(role: Role, file: string, key: string): void {
  const keys = SETTINGS.filter(({ roles }) => roles.includes(role)).map((setting) => setting.key)
  if (keys.includes(key)) return
  const near = nearestWord(key, keys)
  throw new ConfigInvalid(
    `${file}: \`${key}\` is not a setting of the ${role}${near ? `; did you mean \`${near}\`?` : ''}`,
  )
}

function checkValue(role: Role, setting: Setting, { value, source, from }: Given): void {
  const fault =
    setting.kind === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) <= 65_535)
      ? `\`${value}\` is not a port; ports are whole numbers up to 65535`
      : setting.kind === 'count' && !/^\d{1,9}$/.test(value)
        ? `\`${value}\` is not a whole number below a billion`
        : setting.kind === 'switch' && !/^(true|false|1|0)$/.test(value)
          ? `\`${value}\` is neither true nor false`
          : value === ''
            ? 'it is empty'
            : source === 'flag' && value.startsWith('--')
              ? `a value is missing before \`${value}\``
              : undefined
  if (fault === undefined) return
  if (source === 'file') throw new ConfigInvalid(`${from}: \`${setting.key}\`: ${fault}`)
  throw new UsageInvalid(`${from}: ${fault}`, `See \`sluice ${role} --help\`.`)
}

/** Every setting of the role with its value and source. Refuses with `config.invalid` or `cli.usage`. */
export async function effectiveSettings(
  role: Role,
  flags: Flags,
  environment: Environment,
  root: boolean,
): Promise<Effective[]> {
  const named = flags['config'] ?? environment['SLUICE_CONFIG']
  const file = await readFile(role, typeof named === 'string' ? named : undefined)
  function lookUp(setting: Setting, data: string): Effective {
    const flag = flags[flagName(setting.key)]
    const variable = environment[variableOf(setting)]
    const written = file.values.get(setting.key)
    const given: Given | undefined =
      flag !== undefined
        ? { value: String(flag), source: 'flag', from: `--${setting.key}` }
        : variable !== undefined && variable !== ''
          ? { value: variable, source: 'variable', from: variableOf(setting) }
          : written !== undefined
            ? { value: written, source: 'file', from: file.path }
            : undefined
    if (!given)
      return { key: setting.key, value: setting.defaultOf(role, { data }), source: 'default', from: 'default' }
    checkValue(role, setting, given)
    return { key: setting.key, ...given }
  }
  const settings = SETTINGS.filter(({ roles }) => roles.includes(role))
  const [dataSetting] = settings
  const fallback = defaultData(role, environment, root)
  const data = (dataSetting && lookUp(dataSetting, fallback).value) ?? fallback
  return settings.map((setting) => lookUp(setting, data))
}

/** A Runtime's name where none was given: the host's, made to fit. */
export function defaultRuntimeName(): string {
  const name =
    hostname()
      .split('.')[0]
      ?.toLowerCase()
      .replace(/[^a-z0-9_-]/g, '-') ?? ''
  return /^[a-z]/.test(name) ? name.slice(0, 64) : `runtime-${name}`.slice(0, 64)
}
