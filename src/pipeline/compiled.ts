/** What is compiled for the fields that records have: made once for each kind of records, and kept as long as those records come. */
import type { FieldTypes } from './fields.ts'

/** Returns a function that makes `T` for given fields, or gives what it made for the same fields before. */
export function keptByFields<T>(make: (fields: FieldTypes) => T): (fields: FieldTypes) => T {
  // By the types' identity: a source uses one object for all its batches, a bridge one for each header it knows.
  const kept = new WeakMap<object, T>()
  return (fields) => {
    let made = kept.get(fields.types)
    if (made === undefined) {
      made = make(fields)
      kept.set(fields.types, made)
    }
    return made
  }
}
