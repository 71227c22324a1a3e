/** The one list of component types: what a Blueprint may name and what a Runtime can run. A new type is one file and one line here. */
import {
  type AnyDefinition,
  csvFileSource,
  filterTransform,
  jsonLinesFileSink,
  libsqlTableSink,
  mapTransform,
} from './pipeline/mod.ts'

const definitions: readonly AnyDefinition[] = [
  csvFileSource,
  filterTransform,
  jsonLinesFileSink, // and, without records to take, the source of the same name
  libsqlTableSink,
  mapTransform,
]

/** All component types by the name that Blueprints use; `chooseDefinition` looks one up for a component. */
export const catalogue: ReadonlyMap<string, AnyDefinition> = new Map(
  definitions.map((definition) => [definition.type, definition]),
)
