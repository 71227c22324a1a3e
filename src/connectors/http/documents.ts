/** Records on their way into a dataset, as a document of one JSON object a line. */
import { canonicalJson, utf8 } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import type { PulledPage } from '../definition.ts'
import type { Version } from './seen.ts'

export type PulledRecord = Readonly<Record<string, unknown>>
/** A record with what it is known by. */
export type FoundRecord = Version & { record: PulledRecord }

/** 64 bits tell one version of a record from the next. */
const MARK_LENGTH = 16

/** Everything of a page but the cursor. `content` is the same for the same records: a page that comes again is known by it. */
export function recordsDocument(name: string, records: readonly PulledRecord[]): Omit<PulledPage, 'cursor'> {
  const lines = records.map((record) => `${JSON.stringify(record)}\n`)
  return {
    ...{ content: utf8(lines.join('')), contentType: 'application/x-ndjson', fileName: `${name}.ndjson` },
    records: records.length,
  }
}

/** What a record is known by: its id, its time, and a digest, since two changes may have one time. */
export async function found(record: PulledRecord, id: string, atMs: number): Promise<FoundRecord> {
  return { id, atMs, record, mark: (await sha256Hex(utf8(canonicalJson(record)))).slice(0, MARK_LENGTH) }
}

/** An id for what has none, or one too long to be remembered. */
export async function shortId(id: string): Promise<string> {
  return id.length <= 40 ? id : (await sha256Hex(utf8(id))).slice(0, 32)
}

/** Its beginning, without half a character at the cut: that has no UTF-8. */
export function cutText(text: string, lengthMax: number): string {
  const cut = text.slice(0, lengthMax)
  return cut.length < text.length ? cut.replace(/[\ud800-\udbff]$/, '') : cut
}

/** Characters of an attribute. */
const ATTRIBUTE_LENGTH_MAX = 256

/** What a document of results says of the run of a CI system that it is of; what is not known is left out. */
export function ciAttributes(
  known: Readonly<Record<'run' | 'branch' | 'commit' | 'build', string | null | undefined>>,
): Record<string, string> {
  const said = Object.entries(known).flatMap(([name, value]) =>
    value ? [[name, cutText(value, ATTRIBUTE_LENGTH_MAX)]] : [],
  )
  return Object.fromEntries(said)
}
