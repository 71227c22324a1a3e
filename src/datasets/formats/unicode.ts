/** A document's text as UTF-8, whether it came so or as UTF-16, which Windows tools write. */
import { concatBytes, utf8 } from '../../base/mod.ts'
import { headOf } from './bytes.ts'

type Utf16 = 'little' | 'big'

/** Stands for what is no character: a byte that UTF-8 never has, so that whoever decodes the line refuses it. */
const NO_CHARACTER = new Uint8Array([0xff])
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * The same text in UTF-8 without a byte order mark. UTF-16 is known by its mark or, for text that begins with ASCII, by its zeros;
 * anything else is taken as UTF-8, and left as it is where it is none.
 */
export async function* utf8Of(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, whole } = await headOf(bytes, 4)
  const order = utf16Of(head)
  if (order) yield* transcoded(whole, order)
  else yield* withoutMark(whole, [0xef, 0xbb, 0xbf].every((byte, i) => head[i] === byte) ? 3 : 0)
}

/** The beginning of a document as text, for looking at; what is no text in it is replaced. */
export function glanceAt(head: Uint8Array): string {
  const order = utf16Of(head)
  const text = order ? textOf(head.subarray(0, head.length & ~1), order) : new TextDecoder().decode(head)
  return text.replace(/^\ufeff/, '')
}

function utf16Of([a, b, c, d]: Uint8Array): Utf16 | undefined {
  if (a === 0xff && b === 0xfe) return 'little'
  if (a === 0xfe && b === 0xff) return 'big'
  if (a && b === 0 && c && d === 0) return 'little'
  if (a === 0 && b && c === 0 && d) return 'big'
  return undefined
}

async function* withoutMark(bytes: AsyncIterable<Uint8Array>, mark: number): AsyncGenerator<Uint8Array> {
  let left = mark
  for await (const chunk of bytes) {
    // The head is one chunk, longer than any mark.
    yield left === 0 ? chunk : chunk.subarray(left)
    left = 0
  }
}

async function* transcoded(bytes: AsyncIterable<Uint8Array>, order: Utf16): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0)
  let first = true
  for await (const chunk of bytes) {
    const units = concatBytes(rest, chunk)
    const end = endOfPairs(units, order)
    rest = units.slice(end)
    const text = textOf(units.subarray(0, end), order)
    yield utf8Text(first && text.startsWith('\ufeff') ? text.slice(1) : text)
    first &&= end === 0
  }
  if (rest.length > 0) yield NO_CHARACTER
}

/** Where whole characters end: a pair of surrogates is not parted. */
function endOfPairs(units: Uint8Array, order: Utf16): number {
  const even = units.length & ~1
  const high = units[even - (order === 'little' ? 1 : 2)] ?? 0
  return even > 0 && high >= 0xd8 && high <= 0xdb ? even - 2 : even
}

function textOf(units: Uint8Array, order: Utf16): string {
  const copy = Buffer.from(units)
  return (order === 'little' ? copy : copy.swap16()).toString('utf16le')
}

function utf8Text(text: string): Uint8Array {
  if (!LONE_SURROGATE.test(text)) return utf8(text)
  const parts = text.split(LONE_SURROGATE).map(utf8)
  return concatBytes(...parts.flatMap((part, i) => (i === 0 ? [part] : [NO_CHARACTER, part])))
}
