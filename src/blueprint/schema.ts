/** The form of a Blueprint: systems, components placed on them, and how records flow. */
import * as v from 'valibot'
import { Classification, COMPONENTS_MAX, Name, recordOf } from '../wire/mod.ts'

/** A place to run: one Runtime by its name. (Choice by labels joins here.) */
const System = v.strictObject({ runtime: Name })

const CODE_PATH = 'write `./name.cel`: a file beside the Blueprint'

const Component = v.strictObject({
  /** A type of the catalogue. */
  type: Name,
  /** The system it runs on. */
  on: Name,
  /** The component or components whose records it takes; a source has none. */
  from: v.optional(v.union([Name, v.pipe(v.array(Name), v.minLength(1), v.maxLength(COMPONENTS_MAX))])),
  config: v.optional(recordOf(v.string(), v.unknown()), {}),
  /** A file of code beside the Blueprint; it travels by its content. */
  code: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\.\/[\w./-]+$/, CODE_PATH),
      v.check((path) => !path.includes('..'), CODE_PATH),
    ),
  ),
})
/** A component as a Blueprint writes it. */
export type BlueprintComponent = v.InferOutput<typeof Component>

function boundedRecord<Value extends v.GenericSchema>(value: Value) {
  return v.pipe(
    recordOf(Name, value),
    v.check((record) => Object.keys(record).length > 0, 'Names at least one'),
    v.check((record) => Object.keys(record).length <= COMPONENTS_MAX, `Names at most ${COMPONENTS_MAX}`),
  )
}

/** A whole Blueprint as written in YAML or JSON. */
export const Blueprint = v.strictObject({
  blueprint: Name,
  description: v.optional(v.pipe(v.string(), v.maxLength(1_024))),
  systems: boundedRecord(System),
  components: boundedRecord(Component),
  /** Class of each named field; fields that are not named are public. */
  classification: v.optional(recordOf(v.pipe(v.string(), v.maxLength(256)), Classification), {}),
})
export type Blueprint = v.InferOutput<typeof Blueprint>

/** The names of the components that one takes its records from, in order. */
export function inputsOf(component: BlueprintComponent): readonly string[] {
  return component.from === undefined ? [] : typeof component.from === 'string' ? [component.from] : component.from
}
