/** What both servers have in common: settings into words, the line that says they are ready, and waiting for the end. */
import { AppError } from '../base/mod.ts'
import { type Effective, effectiveSettings, type Flags } from './config.ts'
import type { CliContext } from './context.ts'
import type { Role } from './settings.ts'

/** A setting without which a server cannot start. */
export class SettingMissing extends AppError {
  override readonly code = 'config.missing' as const
}

/** The settings of a role, looked up by key. */
export type Settings = {
  text(key: string): string
  optional(key: string): string | undefined
  port(key: string): number
  on(key: string): boolean
}

export async function readSettings(role: Role, flags: Flags, context: CliContext): Promise<Settings> {
  const list: Effective[] = await effectiveSettings(role, flags, context.environment, context.root)
  const values = new Map(list.map(({ key, value }) => [key, value]))
  function text(key: string): string {
    const value = values.get(key)
    if (value === undefined) throw new SettingMissing(`the setting ${key} has no value`)
    return value
  }
  return {
    text,
    optional: (key) => values.get(key),
    port: (key) => Number(text(key)),
    on: (key) => /^(true|1)$/.test(values.get(key) ?? ''),
  }
}

/** Resolves when the process is told to end. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
