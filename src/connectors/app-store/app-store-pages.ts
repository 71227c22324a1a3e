/** What App Store Connect answers: apps, pages of reviews with their replies, and whether one review is there. */
import * as v from 'valibot'
import { codeOf, printable } from '../../base/mod.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import { type Review, ReviewId, ReviewNumber, ReviewText } from '../reviews.ts'
import type { AppStoreConfig } from './app-store-config.ts'

/** Longest address of a next page. */
export const PLACE_LENGTH_MAX = 4_096

const AppReview = v.looseObject({
  id: ReviewId,
  attributes: v.looseObject({
    ...{ rating: ReviewNumber, title: ReviewText, body: ReviewText },
    ...{ reviewerNickname: ReviewText, createdDate: ReviewText, territory: ReviewText },
  }),
  relationships: v.optional(
    v.looseObject({
      response: v.optional(v.looseObject({ data: v.optional(v.nullable(v.looseObject({ id: v.string() }))) })),
    }),
  ),
})
const Reply = v.looseObject({
  ...{ type: v.string(), id: v.string() },
  attributes: v.optional(v.looseObject({ responseBody: ReviewText, lastModifiedDate: ReviewText, state: ReviewText })),
})
const Page = v.looseObject({
  data: v.array(AppReview),
  included: v.optional(v.array(Reply), () => []),
  links: v.optional(v.looseObject({ next: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(PLACE_LENGTH_MAX)))) })),
})
const App = v.looseObject({ data: v.looseObject({ attributes: v.looseObject({ name: v.string() }) }) })

/** `next`: the whole address of the page behind it. */
export type ReviewsPage = { answer: SiteAnswer; reviews: readonly Review[]; next: string | undefined }

export async function appName(http: SiteClient, { app }: AppStoreConfig): Promise<string> {
  const answer = await http.ask({ path: `/v1/apps/${app}`, query: { 'fields[apps]': 'name' } })
  return printable(readAnswer(answer, App, 'about an app as App Store Connect does').data.attributes.name).slice(0, 256)
}

/** At that address; without one the first page: the newest reviews. */
export async function reviewsPage(
  http: SiteClient,
  { app, territories, pageReviews }: AppStoreConfig,
  place?: string,
): Promise<ReviewsPage> {
  const query = {
    ...{ sort: '-createdDate', include: 'response', limit: String(pageReviews) },
    ...(territories.length > 0 && { 'filter[territory]': territories.join(',') }),
  }
  const first = { path: `/v1/apps/${app}/customerReviews`, query }
  const answer = await http.ask(place === undefined ? first : { path: place })
  const { data, included, links } = readAnswer(answer, Page, 'with a page of reviews as App Store Connect does')
  const replies = new Map(included.flatMap((one) => (one.type === 'customerReviewResponses' ? [[one.id, one]] : [])))
  return { answer, reviews: data.map((review) => reviewOf(app, review, replies)), next: links?.next ?? undefined }
}

/** Whether who asks is shown that review. */
export async function isReviewThere(http: SiteClient, id: string): Promise<boolean> {
  try {
    await http.ask({ path: `/v1/customerReviews/${encodeURIComponent(id)}` })
    return true
  } catch (error) {
    if (codeOf(error) === 'connector.site_has_not') return false
    throw error
  }
}

function reviewOf(
  app: string,
  { id, attributes, relationships }: v.InferOutput<typeof AppReview>,
  replies: ReadonlyMap<string, v.InferOutput<typeof Reply>>,
): Review {
  const { rating, title, body, reviewerNickname, createdDate, territory } = attributes
  const reply = replies.get(relationships?.response?.data?.id ?? '')?.attributes
  return {
    ...{ id, app, store: 'app-store', rating, title, text: body, author: reviewerNickname, country: territory },
    ...{ created_at: createdDate, reply: reply?.responseBody, replied_at: reply?.lastModifiedDate },
    reply_state: reply?.state,
  }
}
