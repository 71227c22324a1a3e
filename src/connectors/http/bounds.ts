/** What one run may take of a site, whatever the site says: pages, bytes, time; and no page twice. */
import type { Clock } from '../../base/mod.ts'
import { SitePagesEndless } from '../errors.ts'
import type { SiteAnswer } from './site-client.ts'

export type RunBounds = { pagesMax: number; bytesMax: number; msMax: number }

/** A day of pages, each of which may be 64 MiB, though all of them together may not. */
export const RUN_BOUNDS: RunBounds = { pagesMax: 100_000, bytesMax: 68_719_476_736, msMax: 82_800_000 }

/** 10,000 × ≤ 8 KiB; a circle is rather of one page than of so many. */
const PLACES_KEPT_MAX = 10_000

/** Made for one run. */
export class Taking {
  readonly #host: string
  readonly #bounds: RunBounds
  readonly #clock: Clock
  readonly #beganMs: number
  readonly #asked = new Set<string>()
  #pages = 0
  #bytes = 0

  constructor({ url, clock, bounds = RUN_BOUNDS }: { url: string; clock: Clock; bounds?: RunBounds }) {
    this.#host = new URL(url).host
    this.#bounds = bounds
    this.#clock = clock
    this.#beganMs = clock.monotonic()
  }

  /** Counts an answer. Refuses `connector.pages_endless`: the next run goes on. */
  count({ bytes }: Pick<SiteAnswer, 'bytes'>): void {
    this.#pages++
    this.#bytes += bytes.byteLength
    const { pagesMax, bytesMax, msMax } = this.#bounds
    if (this.#pages > pagesMax) throw this.#endless(`have not come to an end after ${pagesMax}`)
    if (this.#bytes > bytesMax) throw this.#endless(`are more than ${bytesMax} bytes`)
    if (this.#clock.monotonic() - this.#beganMs > msMax)
      throw this.#endless(`take longer than ${msMax / 60_000} minutes`)
  }

  /** Remembers where it is asked. Refuses `connector.pages_endless` for where it was before. */
  once(place: string): void {
    if (this.#asked.has(place)) throw this.#endless('come again and again')
    this.#asked.add(place)
    if (this.#asked.size > PLACES_KEPT_MAX) for (const [oldest] of [this.#asked]) this.#asked.delete(oldest ?? '')
  }

  /** Refuses `connector.pages_endless`. */
  demandProgress(goesOn: boolean): void {
    if (!goesOn) throw this.#endless('do not go on')
  }

  #endless(how: string): SitePagesEndless {
    return new SitePagesEndless(`the pages of ${this.#host} ${how}`)
  }
}
