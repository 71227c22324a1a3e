/** What a site answered, held against the form that its API's papers give it. */
import * as v from 'valibot'
import { SiteAnswerOdd } from '../errors.ts'
import type { SiteAnswer } from './site-client.ts'

/** `how` it should, as in `with a page of reviews as Google Play does`. Refuses `connector.answer_odd`. */
export function readAnswer<const Schema extends v.GenericSchema>(
  { json, url }: Pick<SiteAnswer, 'json' | 'url'>,
  schema: Schema,
  how: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json)
  if (!parsed.success) throw new SiteAnswerOdd(`${new URL(url).host} does not answer ${how}`)
  return parsed.output
}
