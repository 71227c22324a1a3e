/** How far an upload is, on one line that is written over; for a person who watches. */
import type { Clock } from '../../base/mod.ts'

const EVERY_MS = 200
const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

export class UploadProgress {
  readonly #say: (text: string) => void
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #total: { files: number; bytes: number }
  #files = 0
  #bytes = 0
  #shownAtMs: number | undefined

  constructor(
    total: { files: number; bytes: number },
    { say, clock }: { say: (text: string) => void; clock: Pick<Clock, 'monotonic'> },
  ) {
    this.#total = total
    this.#say = say
    this.#clock = clock
  }

  /** Bytes that are sent again count again; no more are shown than there are. */
  sent(bytes: number): void {
    this.#bytes += bytes
    const now = this.#clock.monotonic()
    if (this.#shownAtMs !== undefined && now - this.#shownAtMs < EVERY_MS) return
    this.#shownAtMs = now
    this.#show()
  }

  fileDone(): void {
    this.#files++
    this.#show()
  }

  /** Takes the line away. */
  end(): void {
    this.#say('\r\u001b[K')
  }

  #show(): void {
    const { files, bytes } = this.#total
    const sent = `${inUnits(Math.min(this.#bytes, bytes))} of ${inUnits(bytes)}`
    this.#say(`\r\u001b[K${this.#files} of ${files} files, ${sent}`)
  }
}

function inUnits(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  return `${power === 0 ? bytes : (bytes / 1_024 ** power).toFixed(1)} ${UNITS[power]}`
}
