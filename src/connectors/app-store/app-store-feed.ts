/** The connector to the App Store's public feeds: the newest 500 reviews of any app in each country, for which nobody signs in. */
import * as v from 'valibot'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { ConnectorUnfit } from '../errors.ts'
import { recordsDocument } from '../http/documents.ts'
import { readAnswer } from '../http/read-answer.ts'
import { SeenCursor, SeenRecords } from '../http/seen.ts'
import type { SiteClient } from '../http/site-client.ts'
import { clockWords } from '../http/site-clock.ts'
import { foundReviews, type Review, ReviewId, ReviewText } from '../reviews.ts'
import { AppStoreFeedConfig } from './app-store-config.ts'

/** A feed has ten pages of fifty reviews, and no more. */
export const FEED_PAGES_MAX = 10

export const appStoreFeed = defineConnector({
  type: 'app-store-feed',
  title: 'App Store feed',
  summary:
    'The newest reviews of any app in Apple’s App Store, by its public feeds: 500 a country, without signing in.',
  config: AppStoreFeedConfig,
  lines: ['ca'],
  credentials: ['none'],
  shapes: ['reviews'],
  example: { app: '1234567890', countries: ['DE', 'US'] },
  site: ({ url, ca }) => ({ url, ca }),
  check,
  pull,
})

const Label = v.optional(v.looseObject({ label: ReviewText }))
const Entry = v.looseObject({
  id: v.looseObject({ label: ReviewId }),
  author: v.optional(v.looseObject({ name: Label })),
  ...{ title: Label, content: Label, updated: Label },
  ...{ 'im:rating': Label, 'im:version': Label, 'im:voteCount': Label, 'im:voteSum': Label },
})
/** A feed of one entry has it without a list around it. */
const Feed = v.looseObject({
  feed: v.looseObject({
    entry: v.optional(
      v.union([
        v.array(Entry),
        v.pipe(
          Entry,
          v.transform((entry) => [entry]),
        ),
      ]),
    ),
  }),
})

async function check(config: AppStoreFeedConfig, { http }: AskContext): Promise<string[]> {
  const said: string[] = []
  for (const country of config.countries.slice(0, 8)) {
    const { length } = await feedPage(http, config, country, 1)
    said.push(length > 0 ? `The feed of ${country} has reviews.` : `The feed of ${country} has no reviews.`)
  }
  return [...said, ...clockWords(http)]
}

async function* pull(config: AppStoreFeedConfig, { http, cursor }: PullContext) {
  const parsed = v.safeParse(v.nullable(SeenCursor), cursor)
  if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector to the feeds of the App Store')
  const seen = new SeenRecords(parsed.output, { keepMs: Number.MAX_SAFE_INTEGER })
  for (const country of config.countries) {
    for (let number = 1; number <= FEED_PAGES_MAX; number++) {
      const reviews = await feedPage(http, config, country, number)
      if (reviews.length === 0) break
      const fresh = seen.take(await foundReviews(reviews)).map(({ record }) => record)
      if (fresh.length > 0) yield { ...recordsDocument(`reviews-${country}-${number}`, fresh), cursor: seen.cursor() }
    }
  }
}

async function feedPage(
  http: SiteClient,
  { app }: AppStoreFeedConfig,
  country: string,
  number: number,
): Promise<Review[]> {
  const path = `/${country.toLowerCase()}/rss/customerreviews/page=${number}/id=${app}/sortby=mostrecent/json`
  const { feed } = readAnswer(await http.ask({ path }), Feed, 'with a feed of reviews as the App Store does')
  // The app itself stands before its reviews, and has no rating.
  const entries = (feed.entry ?? []).filter((entry) => entry['im:rating']?.label !== undefined)
  return entries.map((entry) => ({
    ...{ id: entry.id.label, app, store: 'app-store', country },
    ...{ rating: entry['im:rating']?.label, version: entry['im:version']?.label, author: entry.author?.name?.label },
    ...{ title: entry.title?.label, text: entry.content?.label },
    // When it was last changed is all that is told.
    ...{ created_at: entry.updated?.label, updated_at: entry.updated?.label },
    ...{ votes: entry['im:voteCount']?.label, votes_helpful: entry['im:voteSum']?.label },
  }))
}
