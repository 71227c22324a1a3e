/** The connector to Google Play: what was written about an app in the last week, as often as it is asked. */
import * as v from 'valibot'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { ConnectorUnfit } from '../errors.ts'
import { Taking } from '../http/bounds.ts'
import { recordsDocument } from '../http/documents.ts'
import { readAnswer } from '../http/read-answer.ts'
import { SeenCursor, SeenRecords } from '../http/seen.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import { clockWords } from '../http/site-clock.ts'
import { foundReviews } from '../reviews.ts'
import { GooglePlayConfig } from './google-play-config.ts'
import { GoogleReview, recordOf } from './google-review.ts'
import { googleSignIn } from './google-sign-in.ts'

/** Google shows reviews that were written or changed within a week, and no others. */
const SHOWN_MS = 604_800_000
const DAY_MS = 86_400_000

export const googlePlay = defineConnector({
  type: 'google-play',
  title: 'Google Play',
  summary: 'Reviews of an app of your own in Google Play: those that were written or changed in the last week.',
  config: GooglePlayConfig,
  lines: ['ca'],
  credentials: ['fields', 'oauth2_client'],
  shapes: ['reviews'],
  example: { app: 'com.example.app' },
  site: ({ url, ca }) => ({ url, ca }),
  signInSite: ({ tokenUrl, ca }) => ({ url: tokenUrl, ca }),
  signIn: googleSignIn,
  check,
  pull,
})

const Page = v.looseObject({
  reviews: v.optional(v.array(GoogleReview), () => []),
  tokenPagination: v.optional(
    v.nullable(v.looseObject({ nextPageToken: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(4_096)))) })),
  ),
})
/** `wholeAtMs`: when a run last had all that was shown. */
const Cursor = v.nullable(v.strictObject({ ...SeenCursor.entries, wholeAtMs: v.optional(v.number()) }))

async function check(config: GooglePlayConfig, { http }: AskContext): Promise<string[]> {
  const { reviews } = await reviewsPage(http, { ...config, pageReviews: 1 })
  const said = reviews.length > 0 ? 'shows reviews of the last week' : 'shows no review of the last week'
  return [`Google Play ${said} of ${config.app}.`, ...clockWords(http)]
}

async function* pull(config: GooglePlayConfig, { http, clock, cursor, warn }: PullContext) {
  const parsed = v.safeParse(Cursor, cursor)
  if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector to Google Play')
  const wholeAtMs = parsed.output?.wholeAtMs
  const seen = new SeenRecords(parsed.output, { keepMs: 2 * SHOWN_MS })
  const begunMs = clock.now()
  if (wholeAtMs !== undefined && begunMs - wholeAtMs > SHOWN_MS)
    warn(
      'connector.reviews_missed',
      `The last whole run was ${Math.floor((begunMs - wholeAtMs) / DAY_MS)} days ago, and Google shows the last week alone: what was written between is not here.`,
    )
  let number = 0
  for await (const reviews of pages({ http, clock }, config)) {
    const fresh = seen.take(await foundReviews(reviews.map((review) => recordOf(config.app, review))))
    const now = { ...seen.cursor(), ...(wholeAtMs !== undefined && { wholeAtMs }) }
    const document = recordsDocument(
      `reviews-${++number}`,
      fresh.map(({ record }) => record),
    )
    if (fresh.length > 0) yield { ...document, cursor: now }
  }
  yield { cursor: { ...seen.cursor(), wholeAtMs: begunMs } }
}

async function* pages({ http, clock }: Pick<AskContext, 'http' | 'clock'>, config: GooglePlayConfig) {
  const taking = new Taking({ url: config.url, clock })
  for (let token = ''; ; ) {
    const { answer, reviews, next } = await reviewsPage(http, config, token)
    taking.count(answer)
    yield reviews
    if (next === '') return
    taking.once(next)
    token = next
  }
}

type ReviewsPage = { answer: SiteAnswer; reviews: v.InferOutput<typeof Page>['reviews']; next: string }

async function reviewsPage(
  http: SiteClient,
  { app, pageReviews, translationLanguage }: GooglePlayConfig,
  token = '',
): Promise<ReviewsPage> {
  const query = {
    maxResults: String(pageReviews),
    ...(translationLanguage !== undefined && { translationLanguage }),
    ...(token !== '' && { token }),
  }
  const answer = await http.ask({ path: `/androidpublisher/v3/applications/${app}/reviews`, query })
  const { reviews, tokenPagination } = readAnswer(answer, Page, 'with a page of reviews as Google Play does')
  return { answer, reviews, next: tokenPagination?.nextPageToken ?? '' }
}
