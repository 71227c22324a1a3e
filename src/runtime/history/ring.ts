/** Values of equal steps of time, as many as fit; the oldest makes room. What was not seen is not there, rather than zero. */

/** `newest`: number of the newest step since 1970; the value of step `n` is at `n` modulo the length. */
export type RingState = { newest: number; values: Float32Array }

export class Ring {
  readonly #stepMs: number
  readonly #values: Float32Array
  /** Number of the newest step since 1970; −1 before the first value. */
  #newest = -1

  constructor(stepMs: number, length: number) {
    this.#stepMs = stepMs
    this.#values = new Float32Array(length).fill(Number.NaN)
  }

  /** All that it holds, for keeping. */
  get state(): RingState {
    return { newest: this.#newest, values: this.#values }
  }

  /** Takes in what was kept; false, and nothing is changed, where it is of another length. */
  restore({ newest, values }: RingState): boolean {
    if (values.length !== this.#values.length || !Number.isSafeInteger(newest)) return false
    this.#values.set(values)
    this.#newest = newest
    return true
  }

  /** Adds to what the step has. */
  add(atMs: number, value: number): void {
    const place = this.#placeOf(atMs)
    if (place === undefined) return
    const known = this.#values[place] ?? Number.NaN
    this.#values[place] = Number.isNaN(known) ? value : known + value
  }

  /** The last value of a step is its value. */
  set(atMs: number, value: number): void {
    const place = this.#placeOf(atMs)
    if (place !== undefined) this.#values[place] = value
  }

  /** Values of the steps from `fromMs` on; `undefined` where nothing was seen, and for steps that are not over at `nowMs`. */
  read(fromMs: number, count: number, nowMs: number): (number | undefined)[] {
    const first = Math.floor(fromMs / this.#stepMs)
    const current = Math.floor(nowMs / this.#stepMs)
    return Array.from({ length: count }, (_, i) => {
      const step = first + i
      const isKept = step <= this.#newest && step > this.#newest - this.#values.length && step < current
      const value = isKept ? this.#values[step % this.#values.length] : undefined
      return value === undefined || Number.isNaN(value) ? undefined : value
    })
  }

  /** Where a time belongs; steps that nothing was seen of are emptied on the way. A clock set back writes nothing. */
  #placeOf(atMs: number): number | undefined {
    const step = Math.floor(atMs / this.#stepMs)
    const { length } = this.#values
    if (step < this.#newest) return undefined
    for (let empty = Math.max(this.#newest + 1, step - length + 1); empty <= step; empty++) {
      this.#values[empty % length] = Number.NaN
    }
    this.#newest = step
    return step % length
  }
}
