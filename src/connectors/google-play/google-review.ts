/** A review as Google Play has it, and as records of the shape `reviews` do. */
import * as v from 'valibot'
import { ReviewNumber as Count, type Review, ReviewId, ReviewText as Text } from '../reviews.ts'

const Timestamp = v.looseObject({ seconds: v.optional(v.union([v.string(), v.number()])) })
const UserComment = v.looseObject({
  ...{ text: Text, originalText: Text, reviewerLanguage: Text, device: Text, appVersionName: Text },
  ...{
    starRating: Count,
    androidOsVersion: Count,
    appVersionCode: Count,
    thumbsUpCount: Count,
    thumbsDownCount: Count,
  },
  lastModified: v.optional(Timestamp),
  deviceMetadata: v.optional(v.looseObject({ productName: Text })),
})
const DeveloperComment = v.looseObject({ text: Text, lastModified: v.optional(Timestamp) })

export const GoogleReview = v.looseObject({
  reviewId: ReviewId,
  authorName: Text,
  comments: v.optional(
    v.array(v.looseObject({ userComment: v.optional(UserComment), developerComment: v.optional(DeveloperComment) })),
    () => [],
  ),
})

/** The record of the app's review. */
export function recordOf(app: string, { reviewId, authorName, comments }: v.InferOutput<typeof GoogleReview>): Review {
  const said = comments.find(({ userComment }) => userComment)?.userComment
  const reply = comments.find(({ developerComment }) => developerComment)?.developerComment
  const writtenAt = instantOf(said?.lastModified)
  return {
    ...{ id: reviewId, app, store: 'google-play', rating: said?.starRating, author: authorName },
    ...titleAndText(said?.text ?? ''),
    ...{ version: said?.appVersionName, language: said?.reviewerLanguage },
    device: said?.deviceMetadata?.productName ?? said?.device,
    // When it was last changed is all that Google tells.
    ...{ created_at: writtenAt, updated_at: writtenAt },
    ...{ reply: reply?.text, replied_at: instantOf(reply?.lastModified) },
    ...{ original_text: said?.originalText, android_version: said?.androidOsVersion },
    ...{ version_code: said?.appVersionCode, votes_up: said?.thumbsUpCount, votes_down: said?.thumbsDownCount },
  }
}

/** A title and what follows it come as one text, with a tab between them. */
function titleAndText(written: string): { title?: string; text: string } {
  const tab = written.indexOf('\t')
  if (tab < 0) return { text: written.trim() }
  const title = written.slice(0, tab).trim()
  return { ...(title !== '' && { title }), text: written.slice(tab + 1).trim() }
}

function instantOf(timestamp: v.InferOutput<typeof Timestamp> | undefined): string | undefined {
  const at = new Date(Number(timestamp?.seconds ?? Number.NaN) * 1_000)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}
