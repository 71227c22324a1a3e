/**
 * What passes between a Runtime's main process and the process of one pull. What a site answers is parsed in there alone: main is given
 * pages as bytes, and cursors as texts that it keeps and does not read.
 */
import * as v from 'valibot'
import { Attributes } from './datasets.ts'
import { Base64Url, Code, Count, idOf, Name, Sha256Hex } from './formats.ts'
import { recordOf } from './record-of.ts'

/** Id of a connector. */
export const ConnectorId = idOf('con')
/** Id of one of its runs. */
export const ConnectorRunId = idOf('run')
export type ConnectorId = v.InferOutput<typeof ConnectorId>
export type ConnectorRunId = v.InferOutput<typeof ConnectorRunId>

/** Bytes of a page that go through the channel at once. */
export const PAGE_PART_BYTES = 262_144
/** 1 MiB: 10,000 issues of an overlap, ~80 B each. */
export const CURSOR_LENGTH_MAX = 1_048_576
/** Fields that a site may tell of. */
export const DISCOVERED_MAX = 5_000
/** Keys of records in one answer. */
export const KNOWN_KEYS_MAX = 1_000
const WORDS_LENGTH_MAX = 1_024

const Words = v.pipe(v.string(), v.maxLength(WORDS_LENGTH_MAX))
const nothing = v.strictObject({})

/** What is asked of whom. `network`: whether the site may be at a private address. */
export const ConnectorTask = v.strictObject({
  type: Name,
  config: v.unknown(),
  credential: v.boolean(),
  network: v.picklist(['public', 'private']),
})
export type ConnectorTask = v.InferOutput<typeof ConnectorTask>

/** A field that a site's records have, to be chosen from. */
export const DiscoveredField = v.strictObject({
  ...{ id: v.pipe(v.string(), v.maxLength(256)), name: v.pipe(v.string(), v.maxLength(256)) },
  ...{ type: v.pipe(v.string(), v.maxLength(64)), own: v.boolean() },
})
export type DiscoveredField = v.InferOutput<typeof DiscoveredField>

/** What main asks such a process; it is started for one of them. Failures come under their own codes. */
export const connectorMainAsks = {
  /** `said`: what was found, in sentences. */
  check: { ask: ConnectorTask, reply: v.strictObject({ said: v.pipe(v.array(Words), v.maxLength(16)) }) },
  discover: {
    ask: ConnectorTask,
    reply: v.strictObject({ fields: v.pipe(v.array(DiscoveredField), v.maxLength(DISCOVERED_MAX)) }),
  },
  /** Answered when all that there was is taken. */
  pull: {
    ask: v.strictObject({
      ...ConnectorTask.entries,
      cursor: v.nullable(v.pipe(v.string(), v.maxLength(CURSOR_LENGTH_MAX))),
    }),
    reply: nothing,
  },
} as const

/** What it asks main. A page is opened, sent in parts, and ended, one after another. */
export const connectorAsks = {
  credential: { ask: nothing, reply: v.strictObject({ secret: recordOf(v.string(), v.string()) }) },
  'page-begin': {
    ask: v.strictObject({
      contentType: v.pipe(v.string(), v.maxLength(128)),
      fileName: v.pipe(v.string(), v.maxLength(128)),
      sha256: Sha256Hex,
      attributes: v.optional(Attributes),
    }),
    reply: nothing,
  },
  'page-part': { ask: v.strictObject({ bytes: Base64Url }), reply: nothing },
  /** Answered once the page is durable, and the cursor behind it. */
  'page-end': {
    ask: v.strictObject({
      ...{ records: Count, removed: Count },
      cursor: v.pipe(v.string(), v.maxLength(CURSOR_LENGTH_MAX)),
    }),
    reply: nothing,
  },
  /** Moves the cursor where nothing came. */
  cursor: { ask: v.strictObject({ cursor: v.pipe(v.string(), v.maxLength(CURSOR_LENGTH_MAX)) }), reply: nothing },
  /** Keys of the dataset's records that have that value, in their order. */
  'known-keys': {
    ask: v.strictObject({ field: v.string(), value: v.string(), after: v.optional(v.string()) }),
    reply: v.strictObject({
      keys: v.pipe(v.array(v.string()), v.maxLength(KNOWN_KEYS_MAX)),
      next: v.optional(v.string()),
    }),
  },
} as const

/** What it tells by itself: that it lives, and what its owner should know though the run goes on. */
export const ConnectorNews = v.variant('news', [
  v.strictObject({ news: v.literal('alive'), rssBytes: Count }),
  v.strictObject({ news: v.literal('warning'), code: Code, message: Words }),
])
export type ConnectorNews = v.InferOutput<typeof ConnectorNews>
