/** Where a component reaches, in the words of its own config: what a failure may name to whoever wrote the Blueprint. */
import { parseConfig } from './config.ts'
import type { FlowComponent } from './flow-types.ts'

/** Its tables, each with its file or credential, else its paths and hosts; nothing where its config does not parse. */
export function placesOf(component: FlowComponent): readonly string[] {
  if (!('definition' in component)) return []
  const { definition, config } = component
  try {
    const { tables = [], paths = [], hosts = [] } = definition.touches(parseConfig(definition, config))
    return tables.length > 0 ? tables : [...paths, ...hosts]
  } catch {
    return []
  }
}
