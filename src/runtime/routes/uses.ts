/** A component that uses a credential or a library, as the API tells it. */
import * as v from 'valibot'

export const ComponentUseJson = v.object({
  ...{ deployment: v.string(), blueprint: v.string(), version: v.number() },
  /** Its version is not approved: it may not use it yet. */
  waits: v.boolean(),
  /** Its flow came to its end; it uses it again once it is started again. */
  ended: v.boolean(),
  ...{ component: v.string(), type: v.string() },
  /** Whether its type can try a credential. */
  checks: v.boolean(),
})
