/** Looks into an object whose keys come from outside: one that is not there may be called `constructor`, which every object inherits. */

/** The value under the object's own key, or `undefined`. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
