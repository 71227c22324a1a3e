/**
 * How far a pull of reviews is. They come newest first, so only a pass that came to its end has all: until then it is known where it
 * stands, and the next run goes on from there.
 */
import * as v from 'valibot'
import { ConnectorUnfit } from '../errors.ts'
import { SeenCursor, SeenRecords } from '../http/seen.ts'
import { type Review, writtenMs } from '../reviews.ts'
import { PLACE_LENGTH_MAX } from './app-store-pages.ts'

const Ms = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const AppStoreCursor = v.strictObject({
  ...SeenCursor.entries,
  /** A pass that did not come to its end: the newest that it met, and its next page. */
  pass: v.optional(v.strictObject({ newestMs: Ms, next: v.pipe(v.string(), v.maxLength(PLACE_LENGTH_MAX)) })),
  /** When it was last looked for what is gone. */
  censusAtMs: v.optional(Ms),
})
type AppStoreCursor = v.InferOutput<typeof AppStoreCursor>

export class AppStoreProgress {
  readonly seen: SeenRecords
  pass: AppStoreCursor['pass']
  censusAtMs: number | undefined

  /** `keepMs`: how far behind the newest it is looked again. Refuses `connector.unfit` for a cursor that is none of this type. */
  constructor(cursor: unknown, keepMs: number) {
    const parsed = v.safeParse(v.nullable(AppStoreCursor), cursor)
    if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector to the App Store')
    this.seen = new SeenRecords(parsed.output, { keepMs, held: true })
    this.pass = parsed.output?.pass
    this.censusAtMs = parsed.output?.censusAtMs
  }

  /** That page was read; `next` is the one behind it, or the pass is at its end. */
  passed(reviews: readonly Review[], next: string | undefined): void {
    const newestMs = Math.max(this.pass?.newestMs ?? 0, ...reviews.map(writtenMs))
    this.pass = next === undefined ? undefined : { newestMs, next }
    if (next === undefined) this.seen.reach(newestMs)
  }

  cursor(): AppStoreCursor {
    const { pass, censusAtMs } = this
    return { ...this.seen.cursor(), ...(pass && { pass }), ...(censusAtMs !== undefined && { censusAtMs }) }
  }
}
