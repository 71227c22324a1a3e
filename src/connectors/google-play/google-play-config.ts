/** Settings of the connector to Google Play. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { SiteAuthority, SiteUrl } from '../settings.ts'

/** As many reviews as Google gives at once. */
export const PAGE_REVIEWS_MAX = 100

export const GooglePlayConfig = v.strictObject({
  app: v.pipe(
    v.string(),
    v.trim(),
    v.maxLength(255),
    v.regex(/^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/, naming('must be the package name of the app, such as com.example.app')),
    v.description('Package name of the app.'),
  ),
  translationLanguage: v.pipe(
    v.optional(v.pipe(v.string(), v.trim(), v.regex(/^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$/))),
    v.description('Language that reviews are translated to, such as `en`; without it they come as they were written.'),
  ),
  pageReviews: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_REVIEWS_MAX)), PAGE_REVIEWS_MAX),
    v.description('Reviews of one page.'),
  ),
  url: v.pipe(v.optional(SiteUrl, 'https://androidpublisher.googleapis.com'), v.description('Where its API is.')),
  tokenUrl: v.pipe(
    v.optional(SiteUrl, 'https://oauth2.googleapis.com/token'),
    v.description('Where the service account signs in; an owner of the Runtime agrees to this host as well.'),
  ),
  ca: SiteAuthority,
})
export type GooglePlayConfig = v.InferOutput<typeof GooglePlayConfig>
