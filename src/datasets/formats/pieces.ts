/** Readers that are written to: what comes is given to them in small pieces, and what they made of it goes out in batches. */
import { BATCH_ITEMS_MAX, type Item } from './item.ts'

/** Something that is given a document piece by piece; both may fail with the errors of documents. */
export type PieceReader = { write(piece: Uint8Array): void; end(): void }

/** Bytes of one piece; the shortest items (`{},`) make 21,845 of it. */
export const PIECE_BYTES_MAX = 65_536

/** Bytes of a document after which a batch is given, however few its items: a thousand tests with long logs are hundreds of MiB. */
const BATCH_BYTES_MAX = 1_048_576

/** Gives `items` in batches as the reader fills it. A failure is told after the items that came before it. */
export async function* itemsOf(
  bytes: AsyncIterable<Uint8Array>,
  reader: PieceReader,
  items: Item[],
): AsyncGenerator<Item[]> {
  let unbatched = 0
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES_MAX) {
      const piece = chunk.subarray(at, at + PIECE_BYTES_MAX)
      unbatched += piece.length
      yield* after(() => reader.write(piece), items, unbatched >= BATCH_BYTES_MAX ? 1 : BATCH_ITEMS_MAX)
      if (items.length === 0) unbatched = 0
    }
  }
  yield* after(() => reader.end(), items, 1)
}

/** Does one step, and gives what it left once there are `itemsMin`; all of it when the step fails. */
function* after(step: () => void, items: Item[], itemsMin: number): Generator<Item[]> {
  try {
    step()
  } catch (error) {
    yield* batches(items, 1)
    throw error
  }
  yield* batches(items, itemsMin)
}

function* batches(items: Item[], itemsMin: number): Generator<Item[]> {
  while (items.length >= itemsMin) yield items.splice(0, BATCH_ITEMS_MAX)
}
