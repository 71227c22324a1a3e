/** The connector to App Store Connect: reviews of one app with the replies to them. */
import { codeOf } from '../../base/mod.ts'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { goneKeys, isCensusDue, removalsPage } from '../gone.ts'
import { Taking } from '../http/bounds.ts'
import { recordsDocument } from '../http/documents.ts'
import type { SignedIn, SignInContext } from '../http/sign-in.ts'
import { signedToken } from '../http/signed-token.ts'
import { clockWords } from '../http/site-clock.ts'
import { foundReviews, type Review, writtenMs } from '../reviews.ts'
import { AppStoreConfig } from './app-store-config.ts'
import { appName, isReviewThere, type ReviewsPage, reviewsPage } from './app-store-pages.ts'
import { AppStoreProgress } from './app-store-progress.ts'

const DAY_MS = 86_400_000
const SECOND_MS = 1_000
/** Apple takes tokens of twenty minutes at most. */
const TOKEN_MS = 900_000
/** So much earlier it says that it was made: clocks differ by seconds. */
const EARLIER_MS = 30_000

export const appStore = defineConnector({
  type: 'app-store',
  title: 'App Store',
  summary: 'Reviews of an app of your own in Apple’s App Store, by App Store Connect: all of them, with the replies.',
  config: AppStoreConfig,
  lines: ['ca'],
  credentials: ['key_pair'],
  shapes: ['reviews'],
  example: {
    ...{ app: '1234567890', keyId: '2X9R4HXF34', issuerId: '57246542-96fe-4a63-8053-0824d011072a' },
    deletions: 'daily',
  },
  site: ({ url, ca }) => ({ url, ca }),
  signIn: signedIn,
  check,
  pull,
})

async function signedIn(
  { keyId, issuerId }: AppStoreConfig,
  { secret, nowMs }: Pick<SignInContext, 'secret' | 'nowMs'>,
): Promise<SignedIn> {
  const untilMs = nowMs + TOKEN_MS
  const claims = {
    // A key of a person has no issuer.
    ...(issuerId === undefined ? { sub: 'user' } : { iss: issuerId }),
    ...{ iat: seconds(nowMs - EARLIER_MS), exp: seconds(untilMs), aud: 'appstoreconnect-v1' },
  }
  const token = await signedToken(secret['privateKey'] ?? '', { algorithm: 'ES256', keyId, claims })
  return { headers: { authorization: `Bearer ${token}` }, untilMs }
}

function seconds(ms: number): number {
  return Math.floor(ms / SECOND_MS)
}

async function check(config: AppStoreConfig, { http }: AskContext): Promise<string[]> {
  const name = await appName(http, config)
  const { reviews } = await reviewsPage(http, { ...config, pageReviews: 1 })
  const newest = reviews[0]
    ? `The newest review is of ${reviews[0].created_at ?? 'a day that is not told'}.`
    : 'It has no reviews.'
  return [`The app is ${name}.`, newest, ...clockWords(http)]
}

async function* pull(config: AppStoreConfig, { http, clock, cursor, warn, knownKeys }: PullContext) {
  const keepMs = config.lookBackDays * DAY_MS
  const progress = new AppStoreProgress(cursor, keepMs)
  const stopMs = progress.seen.beginsMs(keepMs)
  let number = 0
  for await (const { reviews, next } of pagesFrom({ http, config, clock }, progress.pass?.next)) {
    const isWithin = (review: Review) => stopMs === undefined || writtenMs(review) >= stopMs
    const within = reviews.filter(isWithin)
    const isBehind = within.length < reviews.length && within.length === 0
    const fresh = progress.seen.take(await foundReviews(within))
    progress.passed(reviews, isBehind ? undefined : next)
    const document = recordsDocument(
      `reviews-${++number}`,
      fresh.map(({ record }) => record),
    )
    if (fresh.length > 0) yield { ...document, cursor: progress.cursor() }
    else yield { cursor: progress.cursor() }
    if (isBehind) break
  }
  if (!isCensusDue(config.deletions, progress.censusAtMs, clock.now())) return
  const gone = await goneReviews({ http, config, clock }, { knownKeys, warn })
  progress.censusAtMs = clock.now()
  if (gone.length > 0) yield removalsPage(gone, 'removals.json', progress.cursor(), 'id')
  else yield { cursor: progress.cursor() }
}

type Asked = Pick<AskContext, 'http' | 'clock'> & { config: AppStoreConfig }

/** To the last page, from there or from the first. A place that the site knows no more is one to begin anew from. */
async function* pagesFrom(
  { http, config, clock }: Asked,
  place: string | undefined,
): AsyncGenerator<ReviewsPage, void> {
  const taking = new Taking({ url: config.url, clock })
  let page = await reviewsPage(http, config, place).catch((error) => {
    if (place === undefined || !UNKNOWN_PLACE.has(codeOf(error))) throw error
    return reviewsPage(http, config)
  })
  for (;;) {
    const { answer, reviews, next } = page
    taking.count(answer)
    yield page
    if (next === undefined) return
    taking.demandProgress(reviews.length > 0)
    taking.once(next)
    page = await reviewsPage(http, config, next)
  }
}

const UNKNOWN_PLACE = new Set(['connector.site_refused', 'connector.site_has_not', 'connector.redirected'])

function goneReviews(asked: Asked, { knownKeys, warn }: Pick<PullContext, 'knownKeys' | 'warn'>): Promise<string[]> {
  const { http, config } = asked
  return goneKeys({
    known: knownKeys('app', config.app),
    async *shown() {
      for await (const { reviews } of pagesFrom(asked, undefined)) for (const { id } of reviews) yield id
    },
    isThere: (id) => isReviewThere(http, id),
    ...{ warn, what: `reviews of the app ${config.app}` },
  })
}
