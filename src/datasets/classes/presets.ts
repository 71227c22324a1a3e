/** Which class a field has until an owner of the data tenant decides. What is not named here is restricted, so no new field is public. */
import type { FieldClass, Shape } from '../../wire/mod.ts'

/**
 * Of what an app store shows anybody all is public but who wrote it; of software delivery and of results of executions nothing, and of an
 * issue only which project it is of. What a table's columns hold nobody knows but its owner.
 */
const PUBLIC_FIELDS: Readonly<Record<Shape, ReadonlySet<string>>> = {
  'test-results': new Set(),
  issues: new Set(['project']),
  reviews: new Set([
    ...['id', 'app', 'store', 'rating', 'title', 'text', 'version', 'language', 'country', 'device'],
    ...['created_at', 'updated_at', 'reply', 'replied_at'],
  ]),
  table: new Set(),
}

/** The class of a field of that shape by its name. */
export function presetClass(shape: Shape, field: string): FieldClass {
  return PUBLIC_FIELDS[shape].has(field) ? 'public' : 'restricted'
}
