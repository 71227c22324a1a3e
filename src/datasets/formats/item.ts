/** What a document is read as: records, and what is to be said of what gave none. */
import { printable } from '../../base/mod.ts'

/** Any value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** The forms of documents that datasets take. */
export type Format = 'junit' | 'ctrf' | 'csv' | 'json' | 'ndjson' | 'jira' | 'removals'

/**
 * One thing read. `line` is where it begins, from 1. A reason says what is wrong and what was expected; it never holds the whole
 * content, and of a value at most `QUOTED_CHARS_MAX` characters.
 */
export type Item =
  | { readonly kind: 'record'; readonly line: number; readonly record: Readonly<Record<string, Json>> }
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string }
  | { readonly kind: 'warning'; readonly line: number; readonly reason: string }

export type RecordItem = Extract<Item, { kind: 'record' }>

/** Items of one batch, at most: 1,000 × a record of ≤ 1 MiB, though what they were read from is held to some hundred KiB. */
export const BATCH_ITEMS_MAX = 1_000

/** Nesting of a document, whatever its format: far beyond what tools write, and harmless to whoever walks over the value later. */
export const DEPTH_MAX = 64

/** Fields of one record; as many as the columns of a CSV file in a flow. */
export const FIELDS_MAX = 2_000

/** Characters of a value that a reason may quote. */
export const QUOTED_CHARS_MAX = 80

/** A record read at that line. */
export function recordItem(line: number, record: Readonly<Record<string, Json>>): Item {
  return { kind: 'record', line, record }
}

/** What was refused at that line, and why. */
export function refusedItem(line: number, reason: string): Item {
  return { kind: 'refused', line, reason }
}

/** What was read otherwise than it was written, at that line. */
export function warningItem(line: number, reason: string): Item {
  return { kind: 'warning', line, reason }
}

/** A value for a reason: in backquotes, printable, and cut. */
export function quoted(value: string): string {
  const cut = value.length > QUOTED_CHARS_MAX ? `${value.slice(0, QUOTED_CHARS_MAX - 1)}…` : value
  return `\`${printable(cut)}\``
}
