/** Settings of the connectors to Apple's App Store. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'

/** As many reviews as App Store Connect gives at once. */
export const PAGE_REVIEWS_MAX = 200
/** 20 feeds of 500 reviews are as many as a cursor remembers. */
const LISTED_MAX = 20

const App = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^\d{1,20}$/, naming('must be the Apple ID of the app, a number such as 1234567890')),
  v.description('Apple ID of the app: the number in its address in the App Store.'),
)

function countries(form: RegExp, such: string) {
  const Country = v.pipe(v.string(), v.trim(), v.toUpperCase(), v.regex(form, naming(`must be as in ${such}`)))
  return v.pipe(v.array(Country), v.maxLength(LISTED_MAX))
}

export const AppStoreConfig = v.strictObject({
  app: App,
  keyId: v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^[A-Za-z0-9]{2,32}$/, naming('must be the id of a key, such as 2X9R4HXF34')),
    v.description('Id of the API key whose private part is the credential.'),
  ),
  issuerId: v.pipe(
    v.optional(v.pipe(v.string(), v.trim(), v.uuid('must be an issuer id, a UUID'))),
    v.description('Issuer id of the team; without it the key is an individual one.'),
  ),
  territories: v.pipe(
    v.optional(countries(/^[A-Z]{3}$/, 'DEU or USA'), () => []),
    v.description('Territories by their three letters; without any, all.'),
  ),
  lookBackDays: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_650)), 30),
    v.description('Days before the newest review that every run looks through again, for replies and edits.'),
  ),
  pageReviews: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_REVIEWS_MAX)), PAGE_REVIEWS_MAX),
    v.description('Reviews of one page.'),
  ),
  deletions: Deletions('reviews that are gone from the store'),
  url: v.pipe(v.optional(SiteUrl, 'https://api.appstoreconnect.apple.com'), v.description('Where its API is.')),
  ca: SiteAuthority,
})
export type AppStoreConfig = v.InferOutput<typeof AppStoreConfig>

export const AppStoreFeedConfig = v.strictObject({
  app: App,
  countries: v.pipe(
    v.optional(v.pipe(countries(/^[A-Z]{2}$/, 'DE or US'), v.minLength(1)), () => ['US']),
    v.description('Countries by their two letters: each has a feed of its own.'),
  ),
  url: v.pipe(v.optional(SiteUrl, 'https://itunes.apple.com'), v.description('Where the feeds are.')),
  ca: SiteAuthority,
})
export type AppStoreFeedConfig = v.InferOutput<typeof AppStoreFeedConfig>
