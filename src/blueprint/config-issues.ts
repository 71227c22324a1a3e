/** What is wrong with a component's config, in the words of its type's own schema. */
import * as v from 'valibot'
import { issueWords } from '../base/mod.ts'
import type { AnyDefinition } from '../pipeline/mod.ts'
import { FINDINGS_MAX } from './findings.ts'

/** One fault; `known` lists the keys that could have been meant where a key is foreign. */
export type ConfigIssue = { path: readonly PropertyKey[]; message: string; known?: readonly string[] }

/** The keys of an object schema, through pipes. */
function keysOf(schema: v.GenericSchema): readonly string[] {
  const entries: unknown = 'entries' in schema ? schema.entries : undefined
  return entries !== null && typeof entries === 'object' ? Object.keys(entries) : []
}

function issueOf(definition: AnyDefinition, issue: v.BaseIssue<unknown>): ConfigIssue {
  const path = (issue.path ?? []).map((item) => item.key as PropertyKey)
  const key = String(path.at(-1) ?? '')
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = path.length === 1 ? keysOf(definition.config) : []
    return { path, message: `\`${definition.type}\` has no setting \`${key}\``, known }
  }
  if (issue.input === undefined && path.length > 0) {
    return { path: path.slice(0, -1), message: `\`${definition.type}\` needs the setting \`${key}\`` }
  }
  const { keys, path: place, message } = issueWords(definition.config, issue)
  return { path: keys, message: place ? `\`${place}\`: ${message}` : message }
}

/** The config with its defaults filled in, or what is wrong with it. */
export function checkConfig(
  definition: AnyDefinition,
  config: unknown,
): { config: object; issues: readonly [] } | { config: undefined; issues: readonly ConfigIssue[] } {
  const parsed = v.safeParse(definition.config, config)
  if (parsed.success) return { config: parsed.output, issues: [] }
  return { config: undefined, issues: parsed.issues.slice(0, FINDINGS_MAX).map((issue) => issueOf(definition, issue)) }
}
