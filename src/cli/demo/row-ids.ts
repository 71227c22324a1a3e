/** A set of row ids that holds a million of them in some 150 KiB: their last six digits count lines, so a bit each is enough. */
const LINE_DIGITS = 6

/** Row ids as `dataset.ts` makes them. */
export class RowIds {
  readonly #pages = new Map<string, Uint8Array>()
  #size = 0

  /** How many different ids were added. */
  get size(): number {
    return this.#size
  }

  has(id: string): boolean {
    const { page, line } = placeOf(id)
    return (((this.#pages.get(page)?.[line >> 3] ?? 0) >> (line & 7)) & 1) === 1
  }

  add(id: string): void {
    if (this.has(id)) return
    const { page, line } = placeOf(id)
    let bits = this.#pages.get(page) ?? new Uint8Array(64)
    if (bits.length <= line >> 3) {
      const grown = new Uint8Array(Math.max(bits.length * 2, (line >> 3) + 1))
      grown.set(bits)
      bits = grown
    }
    bits[line >> 3] = (bits[line >> 3] ?? 0) | (1 << (line & 7))
    this.#pages.set(page, bits)
    this.#size++
  }
}

function placeOf(id: string): { page: string; line: number } {
  return { page: id.slice(0, -LINE_DIGITS), line: Number(id.slice(-LINE_DIGITS)) }
}
