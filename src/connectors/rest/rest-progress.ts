/** How far a pull of a REST API is: by time, by id, or by nothing but the records that are known. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ConnectorUnfit } from '../errors.ts'
import { instantMs } from '../http/instants.ts'
import { SeenCursor, SeenRecords } from '../http/seen.ts'
import type { RestConfig } from './rest-config.ts'
import { highestId, type Id } from './rest-ids.ts'
import type { RestRecord } from './rest-page.ts'
import type { RestCursorSetting, TIME_FORMATS } from './rest-parts.ts'
import type { PlaceValues } from './rest-places.ts'

const DAY_MS = 86_400_000
const RestCursor = v.strictObject({
  ...SeenCursor.entries,
  after: v.optional(v.union([v.string(), v.number()])),
  /** Of a run that has not come to its end. */
  open: v.optional(v.literal(true)),
})

type Format = (typeof TIME_FORMATS)[number]
/** By what an API compares times that are written so. */
const STEPS: Readonly<Record<Format, number>> = {
  ...{ rfc3339: 1_000, 'rfc3339-ms': 1, date: DAY_MS, seconds: 1_000, milliseconds: 1 },
}

export class RestProgress {
  /** The time that a run which was cut off had come to. */
  readonly resumesMs: number | undefined
  readonly #setting: RestCursorSetting | undefined
  readonly #seen: SeenRecords
  /** Where this run begins. */
  readonly #begun: Id | undefined
  #after: Id | undefined
  #highest: Id | undefined

  /** Refuses `connector.unfit` for a cursor that is none of this type. */
  constructor(cursor: unknown, { cursor: setting }: RestConfig, nowMs: number) {
    const parsed = v.safeParse(v.nullable(RestCursor), cursor)
    if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector of the type rest')
    const { after, open, ...seen } = parsed.output ?? { seen: [] }
    this.resumesMs = open && seen.updatedUpToMs
    this.#setting = setting
    this.#begun = this.#after = this.#highest = after
    const isByTime = setting?.kind === 'time'
    this.#seen = new SeenRecords(seen, {
      keepMs: isByTime ? 2 * setting.overlapSeconds * 1_000 + this.stepMs : Number.POSITIVE_INFINITY,
      latestMs: isByTime ? nowMs + DAY_MS : -1,
      held: setting?.sorted !== true,
    })
  }

  get stepMs(): number {
    return this.#setting?.kind === 'time' ? STEPS[this.#setting.format] : 1
  }

  beginsMs(): number | undefined {
    if (this.#setting?.kind !== 'time') return undefined
    const { overlapSeconds, start } = this.#setting
    return this.#seen.beginsMs(overlapSeconds * 1_000) ?? instantMs(start)
  }

  /** What a request says of where it begins. */
  values(fromMs: number | undefined): PlaceValues {
    const { stepMs } = this
    if (this.#setting?.kind === 'id') return this.#begun === undefined ? {} : { after: this.#begun }
    if (this.#setting?.kind !== 'time' || fromMs === undefined) return {}
    return { since: written(Math.floor(fromMs / stepMs) * stepMs, this.#setting.format) }
  }

  /** Those that are new or changed. */
  take(records: readonly RestRecord[]): RestRecord[] {
    this.#highest = highestId([this.#highest, ...records.map(({ after }) => after)])
    if (this.#setting?.sorted) this.#after = this.#highest
    return this.#seen.take(records)
  }

  /** All that there was is taken. */
  release(): void {
    this.#seen.release()
    this.#after = this.#highest
  }

  cursor({ open }: { open: boolean }): v.InferOutput<typeof RestCursor> {
    const after = this.#after !== undefined && { after: this.#after }
    return { ...this.#seen.cursor(), ...after, ...(open && { open }) }
  }
}

function written(ms: number, format: Format): string | number {
  const text = rfc3339(ms)
  if (format === 'date') return text.slice(0, 10)
  if (format === 'seconds' || format === 'milliseconds') return format === 'seconds' ? ms / 1_000 : ms
  return format === 'rfc3339' ? text.replace(/\.\d+(?=Z$)/, '') : text
}
