/** Everything that can be known to be wrong with a Blueprint before it is deployed: form, wiring, types, configs, expressions. */
import type { FieldTypes } from '../pipeline/mod.ts'
import { parseBlueprint } from './document.ts'
import { FINDINGS_MAX, type Finding } from './findings.ts'
import { lintComponent } from './lint-components.ts'
import { lintOutputs } from './lint-outputs.ts'
import type { LintOptions, Scope } from './lint-scope.ts'
import { flowOrder, lintPlaces, lintWiring } from './lint-wiring.ts'
import type { Blueprint } from './schema.ts'

/**
 * Lints the text of a Blueprint. The first 64 errors and warnings, in the order of the text; `blueprint` is there only if none is an error.
 * Never throws for what the text says.
 */
export function lintBlueprint(
  text: string,
  options: LintOptions,
): { blueprint: Blueprint | undefined; findings: Finding[] } {
  const document = parseBlueprint(text)
  const { blueprint, locate } = document
  const findings = [...document.findings]
  if (!blueprint) return { blueprint: undefined, findings }
  const counts = { error: 0, warning: 0 }
  const scope: Scope = {
    ...options,
    blueprint,
    locate,
    isFull: () => counts.error >= FINDINGS_MAX,
    report: (finding, path, what) => {
      if (++counts[finding.severity] <= FINDINGS_MAX) findings.push({ ...finding, ...locate(path, what) })
    },
  }
  lintPlaces(scope)
  lintWiring(scope)
  lintOutputs(scope)
  const { order, circular } = flowOrder(blueprint)
  if (circular.length > 0) {
    const message = `records would go in a circle: ${circular.join(', ')}`
    scope.report({ code: 'blueprint.circle', severity: 'error', message }, ['components', circular[0] ?? '', 'from'])
  }
  const known = new Map<string, FieldTypes>()
  for (const name of [...order, ...circular]) if (!scope.isFull()) lintComponent(scope, name, known)
  findings.sort((a, b) => a.line - b.line || a.column - b.column)
  return { blueprint: counts.error > 0 ? undefined : blueprint, findings }
}
