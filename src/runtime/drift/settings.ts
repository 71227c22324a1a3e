/** What a Runtime was started with, as drift looks at it: everything but secrets, and what is only for tests. */
import type { RuntimeConfig } from '../config.ts'

/** Where the master key is read from counts, the key never does. */
export function startSettings(config: RuntimeConfig): Record<string, unknown> {
  const { masterKey, clock: _clock, random: _random, worker: _worker, credentialSources, ...settings } = config
  const sources = credentialSources && { credentialSources: credentialSources.allowed }
  return JSON.parse(JSON.stringify({ ...settings, ...sources, masterKey: masterKey.kind }))
}
