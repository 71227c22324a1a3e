/** Upload tokens that come to their end: a pipeline that goes on with one is refused from then on. */
import { nounFor } from '../../base/mod.ts'
import type { AttentionLine } from '../attention.ts'
import type { RuntimeState } from '../open-state.ts'

const DAY_MS = 86_400_000
/** Said so long before: enough for one who comes back from a holiday. */
export const ENDS_SOON_MS = 14 * DAY_MS

/** One line for each, by ids alone: its name and dataset are for members of its data tenant, and so is how that is called. */
export async function uploadTokenLines(
  { uploadTokens }: Pick<RuntimeState, 'uploadTokens'>,
  nowMs: number,
): Promise<AttentionLine[]> {
  const ending = await uploadTokens.endingBefore(nowMs + ENDS_SOON_MS)
  return ending.map(({ id, dataTenant, expiresAt }) => {
    const days = Math.floor((expiresAt - nowMs) / DAY_MS)
    const when = days < 1 ? 'within a day' : `in ${days} ${nounFor(days, 'day')}`
    return {
      ...{ id: `upload_token.ends_soon ${id}`, state: 'late', word: 'ends soon' },
      what: `The upload token ${id} of the data tenant ${dataTenant} ends ${when}`,
      dataTenant,
      effect: 'Pipelines that upload by it are refused then. Make another, put it in its place, and revoke this one.',
      cure: { label: 'Datasets', href: '/datasets' },
    }
  })
}
