/** Puts together a text that comes in pieces, up to a length. */
import { cutAt } from './test-result.ts'

export class TextCollector {
  readonly #charsMax: number
  #text = ''
  #cut = false

  constructor(charsMax: number) {
    this.#charsMax = charsMax
  }

  add(piece: string): void {
    if (this.#cut) return
    this.#cut = this.#text.length + piece.length > this.#charsMax
    this.#text += this.#cut ? cutAt(piece, this.#charsMax - this.#text.length) : piece
  }

  /** Whether some of it was left out. */
  get isCut(): boolean {
    return this.#cut
  }

  get text(): string {
    return this.#text
  }
}
