/**
 * An object whose keys come from outside: names of components, columns, fields. valibot's own `record` leaves out what is called
 * `constructor` or `prototype` without a word, and a table of racing results has a column of that name.
 */
import * as v from 'valibot'

/** What `v.record` leaves out. */
const LEFT_OUT = ['constructor', 'prototype', '__proto__'] as const
/** An assignment to it changes more than a key, wherever such an object goes. */
const Assignable = v.pipe(v.string(), v.notValue('__proto__', 'expected a name that is not `__proto__`'))

/** As `v.record`, but every own key is kept; `__proto__` alone is refused. */
export function recordOf<Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
): v.RecordSchema<Key, Value, undefined> {
  const base = v.record(key, value)
  type Dataset = ReturnType<(typeof base)['~run']>
  return v._standardSchema<typeof base>({
    ...base,
    '~run'(dataset, config) {
      const input = dataset.value
      const parsed = base['~run'](dataset, config) as Dataset & { value: object }
      if (typeof input !== 'object' || input === null) return parsed
      for (const name of LEFT_OUT) {
        if (!Object.hasOwn(input, name)) continue
        const entryValue = (input as Record<string, unknown>)[name]
        const item: v.IssuePathItem = { type: 'object', origin: 'value', input, key: name, value: entryValue } as never
        const parsedKey = v.pipe(Assignable, key)['~run']({ value: name }, config)
        const parsedValue = value['~run']({ value: entryValue }, config)
        const issues = [...(parsedKey.issues ?? []), ...(parsedValue.issues ?? [])]
        const placed = issues.map((issue) => ({ ...issue, path: [item, ...(issue.path ?? [])] }))
        if (issues.length > 0) Object.assign(parsed, { typed: false, issues: [...(parsed.issues ?? []), ...placed] })
        else Object.assign(parsed.value, { [name]: parsedValue.value })
      }
      return parsed
    },
  })
}
