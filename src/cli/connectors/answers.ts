/** What a Runtime answers about connectors, as far as the command shows it. */
import * as v from 'valibot'

const text = v.string()
const optionalText = v.optional(v.nullable(text))
const count = v.number()
const Told = v.looseObject({ code: text, message: text, advice: v.optional(text) })

export const RunAnswer = v.looseObject({
  ...{ id: text, state: text, startedAt: text, endedAt: optionalText, startedBy: optionalText },
  ...{ pages: count, records: count, removed: count, rowsTaken: count, rowsReplaced: count, rowsRefused: count },
  ...{ failure: v.optional(v.nullable(Told)), warnings: v.array(Told) },
})
export type RunAnswer = v.InferOutput<typeof RunAnswer>
export const Runs = v.looseObject({ runs: v.array(RunAnswer) })

export const ConnectorAnswer = v.looseObject({
  ...{ id: text, name: text, type: text, dataset: text, host: text, state: text, network: text },
  ...{ config: v.unknown(), credential: optionalText, cron: optionalText, timeZone: text, nextRunAt: optionalText },
  ...{ approvedBy: optionalText, approvedAt: optionalText, createdBy: text, createdAt: text },
  lastRun: v.optional(v.nullable(RunAnswer)),
})
export const ConnectorList = v.looseObject({ connectors: v.array(ConnectorAnswer) })
export const Said = v.looseObject({ said: v.array(text) })
export const Discovered = v.looseObject({
  setting: text,
  fields: v.array(v.looseObject({ id: text, name: text, type: text, own: v.boolean() })),
})
export const CursorAnswer = v.looseObject({ cursor: v.unknown() })
export const ConnectorTypes = v.looseObject({
  types: v.array(
    v.looseObject({
      ...{ type: text, summary: text, credentials: v.array(text), shapes: v.array(text), example: v.unknown() },
      settings: v.array(v.looseObject({ name: text, needed: v.boolean(), description: text })),
      schema: v.optional(v.record(text, v.unknown())),
    }),
  ),
})
