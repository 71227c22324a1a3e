/** What a record holds once decoded: JSON values by field. */

/** One field: what JSON can hold. Numbers are doubles; larger integers than 2^53 − 1 are refused where a type says `int`. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value }
/** A decoded record. */
export type Row = { [field: string]: Value }

/** Why a record does not decode: a code, and the column where one is to blame. Never content. */
export type Fault = { code: string; column?: string }

/** One row for each record; where there is none, `faults` says why, by index. */
export type Decoded = { rows: (Row | undefined)[]; faults: ReadonlyMap<number, Fault> }

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of UTF-8 bytes, or `undefined` when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}
