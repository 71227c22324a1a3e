/** Settings of a connector as the command is given them: a YAML file, and single ones beside it. */
import { fromUtf8 } from '../../base/mod.ts'
import { readBytes } from '../../host/mod.ts'
import { UsageInvalid } from '../exit.ts'

export type SettingFlags = { configFile?: string; set?: string[] }

/** `undefined` where none is given. A value of `--set` is read as YAML: `[ABC, DEF]`, `true`, `50`, or a text. Refuses `cli.usage`. */
export async function settingsOf({ configFile, set = [] }: SettingFlags): Promise<Record<string, unknown> | undefined> {
  if (configFile === undefined && set.length === 0) return undefined
  const { parse } = await import('yaml')
  const read = (text: string, where: string): unknown => {
    try {
      return parse(text)
    } catch (cause) {
      throw new UsageInvalid(
        `${where} is not YAML: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''}`,
      )
    }
  }
  const whole = configFile === undefined ? {} : read(fromUtf8(await readBytes(configFile)), configFile)
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole))
    throw new UsageInvalid(`${configFile} must have settings by their names`)
  const single = set.map((pair) => {
    const at = pair.indexOf('=')
    if (at <= 0) throw new UsageInvalid(`--set takes name=value, not \`${pair}\``)
    const name = pair.slice(0, at)
    return [name, read(pair.slice(at + 1), name)] as const
  })
  return { ...whole, ...Object.fromEntries(single) }
}
