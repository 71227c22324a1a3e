/** A component's config, read through its type's schema. */
import * as v from 'valibot'
import { issueWords } from '../base/mod.ts'
import type { AnyDefinition } from './component.ts'
import { ConfigInvalid } from './errors.ts'

/** The config with its defaults. Throws `pipeline.config_invalid`; its `item` is the path of the first field that is wrong. */
export function parseConfig(definition: AnyDefinition, config: unknown): object {
  const parsed = v.safeParse(definition.config, config)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  // A worker's failure is shown to others than who wrote the config, which may hold a secret put in the wrong place.
  const { path, message } = issueWords(definition.config, issue, { repeated: false })
  throw new ConfigInvalid(path || 'config', `${definition.type}: ${path || 'config'}: ${message}`)
}
