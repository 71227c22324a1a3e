/** A component's config, read through its type's schema. */
import * as v from 'valibot'
import type { AnyDefinition } from './component.ts'
import { ConfigInvalid } from './errors.ts'

/** The config with its defaults. Throws `pipeline.config_invalid`; its `item` is the path of the first field that is wrong. */
export function parseConfig(definition: AnyDefinition, config: unknown): object {
  const parsed = v.safeParse(definition.config, config)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = v.getDotPath(issue) ?? 'config'
  // What was received may be anything, a secret put in the wrong place as well: it is not repeated.
  throw new ConfigInvalid(path, `${definition.type}: ${path} must be ${issue.expected ?? 'something else'}`)
}
