/** Reviews of app stores on their way into a dataset of the shape `reviews`, each known by its id, its time and what it says. */
import * as v from 'valibot'
import { type FoundRecord, found, shortId } from './http/documents.ts'
import { instantMs } from './http/instants.ts'

/** Text of a stranger's. One that was cut within a character is mended: half of one is none in UTF-8. */
export const ReviewText = v.pipe(
  v.optional(
    v.nullable(
      v.pipe(
        v.string(),
        v.transform((text) => text.replace(/\p{Surrogate}/gu, '\ufffd')),
      ),
    ),
  ),
  v.transform((text) => text ?? undefined),
)
export const ReviewId = v.pipe(v.string(), v.minLength(1), v.maxLength(256), v.regex(/^[\x21-\x7e]+$/))
export const ReviewNumber = v.pipe(
  v.optional(v.nullable(v.number())),
  v.transform((number) => number ?? undefined),
)

/** Fields of the shape, and those beside them, which it keeps as the rest. */
export type Review = { id: string; created_at: string | undefined; [field: string]: string | number | undefined }

/** When it was written, or changed where nothing else is told; ms since 1970, 0 where that is not told. */
export function writtenMs({ created_at }: Review): number {
  return instantMs(created_at) ?? 0
}

/** The same with what they are known by. */
export function foundReviews(reviews: readonly Review[]): Promise<FoundRecord[]> {
  return Promise.all(reviews.map(async (review) => found(review, await shortId(review.id), writtenMs(review))))
}
