/** What both servers have in common: settings into words, the line that says they are ready, and waiting for the end. */
import process from 'node:process'
import { AppError } from '../base/mod.ts'
import { isLoopback } from '../host/mod.ts'
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
  optionalPort(key: string): number | undefined
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
    optionalPort: (key) => (values.get(key) === undefined ? undefined : Number(values.get(key))),
    on: (key) => /^(true|1)$/.test(values.get(key) ?? ''),
  }
}

/**
 * How a server is called where nobody has said it: by the address that it listens on, if only this machine reaches that, so that all its
 * links have one form. To a browser `localhost` and 127.0.0.1 are two servers, and a session of one is none of the other.
 */
export function publicHostOf(settings: Pick<Settings, 'text' | 'optional'>): string {
  const host = settings.text('host')
  return settings.optional('public-host') ?? (isLoopback(host) ? host : 'localhost')
}

/**
 * What this process and its workers make from here on is for its own user alone, whatever the umask was: databases are made by a
 * library that asks for 0666.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077)
}

/** Tells that the server stands, and resolves when the process is told to end. */
export function untilStopped({ signal, onStanding }: Pick<CliContext, 'signal' | 'onStanding'>): Promise<void> {
  onStanding?.()
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
