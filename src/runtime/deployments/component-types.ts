/** The component types that this program has, by name; the catalogue. */
import type { AnyDefinition } from '../../pipeline/mod.ts'

export type ComponentTypes = ReadonlyMap<string, AnyDefinition>
