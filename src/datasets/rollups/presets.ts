/** The rollups that datasets have by their shape: what its dashboards show. */
import type { NewRollup, Shape } from '../../wire/mod.ts'

/** A preset's name is never given to another definition: what was built under it would be taken for that. */
type Preset = NewRollup & { preset: string }

const day = (field: string): NewRollup['by'][number] => ({ field, bucket: 'day' })
const of = (...names: string[]): NewRollup['by'] => names.map((field) => ({ field }))

const RESULTS = ['duration_ms', 'flaky', 'retries']

/** The smallest that serves a question answers it: those without suites keep years at hand in a few thousand rows. */
export const PRESETS: Readonly<Record<Shape, readonly Preset[]>> = {
  'test-results': [
    { preset: 'runs', by: [day('started_at'), ...of('branch', 'environment', 'status')], sum: RESULTS },
    { preset: 'received', by: [day('_received_at'), ...of('branch', 'environment', 'status')], sum: RESULTS },
    { preset: 'suites', by: [day('started_at'), ...of('suite', 'branch', 'environment', 'status')], sum: RESULTS },
  ],
  issues: [
    {
      preset: 'created',
      by: [day('created_at'), ...of('status', 'status_category', 'type', 'priority')],
      sum: ['points'],
    },
    {
      preset: 'components',
      by: [day('created_at'), ...of('components', 'status_category', 'type', 'priority')],
      sum: ['points'],
    },
    { preset: 'resolved', by: [day('resolved_at'), ...of('status_category', 'type', 'priority')], sum: ['points'] },
  ],
  reviews: [
    { preset: 'ratings', by: [day('created_at'), ...of('app', 'store', 'version', 'rating')], sum: ['rating'] },
  ],
  table: [],
}
