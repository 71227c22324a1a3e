/** The form by which an owner of a data tenant says how long a dataset keeps what came to it. */
import type { Hono } from 'hono'
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { RETENTION_DAYS_MAX } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type RetentionActDeps, setRetention } from '../datasets/retention-act.ts'
import { RetentionForm } from '../views/datasets-retention.tsx'
import { askedDataset, tabbed } from './datasets-frame.tsx'

const Days = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^([1-9]\d{0,4})?$/, naming('must be a whole number of days, or empty')),
  v.transform((text) => (text === '' ? null : Number(text))),
  v.nullable(v.pipe(v.number(), v.maxValue(RETENTION_DAYS_MAX))),
)
const Given = v.object({ recordsDays: Days, documentsDays: Days })

/** Mounted at the address of a dataset. */
export function datasetRetentionPages(deps: RetentionActDeps & { access: DataAccess }, site: Site): Hono<PersonEnv> {
  return formPage(site, '/retention', {
    ...{ role: 'viewer', fresh: true, schema: Given },
    async about(c) {
      const asked = await askedDataset(deps.access, c, 'owner')
      return { asked, before: await asked.member.data.retention(asked.dataset.id) }
    },
    again({ about: { asked, before }, values, failed }) {
      const { recordsDays: records = shown(before.recordsDays) } = values
      const { documentsDays: documents = shown(before.documentsDays) } = values
      return tabbed(
        asked,
        'settings',
        <RetentionForm {...{ path: asked.path, records, documents, ...failed }} />,
        'Retention',
      )
    },
    async act({ about: { asked }, input }) {
      await setRetention(deps, asked.member, { dataset: asked.dataset.id, days: input })
      return `${asked.path}/settings`
    },
  })
}

function shown(days: number | null): string {
  return days === null ? '' : String(days)
}
