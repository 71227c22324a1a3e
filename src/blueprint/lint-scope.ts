/** What every rule of the lint is handed, and how it reports. */
import { type Bytes, nearestWord } from '../base/mod.ts'
import { type AnyDefinition, chooseDefinition } from '../pipeline/mod.ts'
import type { Finding } from './findings.ts'
import type { Locate } from './locate.ts'
import type { Blueprint, BlueprintComponent } from './schema.ts'

/** The component types that a Blueprint may use. */
export type Catalogue = ReadonlyMap<string, AnyDefinition>

/** What a Blueprint is held against. */
export type LintOptions = {
  catalogue: Catalogue
  /** Bytes of each code file by its path; a file that is not there is a finding. */
  code: ReadonlyMap<string, Bytes>
}

export type Scope = LintOptions & {
  blueprint: Blueprint
  locate: Locate
  /** Whether as many errors are reported as are told at once: what else there is need not be looked for. */
  isFull: () => boolean
  /** Errors beyond `FINDINGS_MAX` are dropped, and so are warnings. */
  report: (finding: Omit<Finding, 'line' | 'column'>, path: readonly PropertyKey[], what?: 'key' | 'value') => void
}

/** The finding, with the candidate that was probably meant. To look for that takes long: not for what is dropped anyway. */
export function withSuggestion(
  scope: Pick<Scope, 'isFull'>,
  finding: Omit<Finding, 'line' | 'column'>,
  word: string,
  candidates: Iterable<string>,
) {
  const suggestion = scope.isFull() ? undefined : nearestWord(word, candidates)
  return suggestion ? { ...finding, suggestion } : finding
}

/** The definition behind a component: of a type that is source and sink, the one that fits whether it takes records. */
export function definitionOf(scope: LintOptions, component: BlueprintComponent): AnyDefinition | undefined {
  return chooseDefinition(scope.catalogue, component.type, component.from !== undefined)
}
