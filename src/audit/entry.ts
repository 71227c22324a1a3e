/** One line of the trail, as it is said and as it is read. */
import type { TrailRow } from './chain.ts'

/** One act to be recorded. */
export type Act = {
  /** Who: `user:…`, `key:…`, `system`. */
  actor: string
  /** What, as `noun.verb`: `credential.set`. */
  action: string
  /** To what: an id. */
  subject: string
  /** Further facts; never a secret, never content of records. */
  detail?: Record<string, string | number | boolean>
}
/** `count`: its place from 1 · `atMs`: ms since 1970 · `hash`: hex SHA-256 over the line and the hash before it. */
export type TrailEntry = Required<Act> & { count: number; atMs: number; hash: string }

export function asEntry({ detail, ...row }: TrailRow): TrailEntry {
  return { ...row, detail: JSON.parse(detail) }
}
