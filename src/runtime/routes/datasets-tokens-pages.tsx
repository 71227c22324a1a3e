/** The upload tokens of a dataset: made, shown once with what a pipeline needs, listed, revoked. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { type Clock, naming } from '../../base/mod.ts'
import { ciScripts, UPLOAD_TOKEN_DAYS_MAX, uploadLine } from '../../datasets/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import {
  createUploadToken,
  type DatasetActsDeps,
  listUploadTokens,
  revokeUploadToken,
} from '../datasets/dataset-acts.ts'
import type { RuntimeState } from '../open-state.ts'
import { MadeUploadToken, NewUploadToken, UploadTokens } from '../views/datasets-tokens.tsx'
import { TenantName } from './data-tenants.ts'
import { type AskedDataset, askedDataset, tabbed, type UploadPlaceDeps, uploadPlace } from './datasets-frame.tsx'

export type DatasetTokensPagesDeps = DatasetActsDeps & {
  access: DataAccess
  clock: Clock
  state: Pick<RuntimeState, 'authority'>
} & UploadPlaceDeps

const Days = v.pipe(
  v.string(),
  v.regex(/^\d{1,4}$/, naming('must be a whole number')),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(UPLOAD_TOKEN_DAYS_MAX),
)
const NewToken = v.object({ name: TenantName, days: Days })

/** Mounted at the address of a dataset. */
export function datasetTokensPages(deps: DatasetTokensPagesDeps, site: Site): Hono<PersonEnv> {
  const { access, clock } = deps
  return (
    new Hono<PersonEnv>()
      .get('/tokens', async (c) => {
        const asked = await askedDataset(access, c, 'operator')
        const path = tokensPath(asked)
        const tokens = await listUploadTokens(deps, asked.member, asked.dataset.id)
        const action = (
          <a class="button" href={`${path}/new`}>
            New upload token
          </a>
        )
        const view = <UploadTokens {...{ tokens, path, nowMs: clock.now() }} />
        return site.page(c, { ...tabbed(asked, 'tokens', view), action })
      })
      .route('/', newTokenPage(deps, site))
      // Without a fresh proof, as in the API: what has to be revoked has to be revoked now.
      .post('/tokens/:token/revoke', async (c) => {
        const asked = await askedDataset(access, c, 'operator')
        await revokeUploadToken(deps, asked.member, { dataset: asked.dataset.id, token: c.req.param('token') })
        return c.redirect(`${site.place.base}${tokensPath(asked)}`, 303)
      })
  )
}

function newTokenPage(deps: DatasetTokensPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/tokens/new', {
    ...{ role: 'viewer', fresh: true, schema: NewToken },
    about: (c) => askedDataset(deps.access, c, 'operator'),
    again({ about, values: { name, days }, failed }) {
      const view = <NewUploadToken {...{ path: tokensPath(about), name, days, ...failed }} />
      return tabbed(about, 'tokens', view, 'New upload token')
    },
    async act({ c, about, input: { name, days } }) {
      const made = { dataset: about.dataset.id, name, days }
      const { token } = await createUploadToken(deps, about.member, made)
      const view = <MadeUploadToken {...{ token, ...usesOf(deps, about.dataset), path: tokensPath(about) }} />
      return site.page(c, tabbed(about, 'tokens', view, 'Upload token'))
    },
  })
}

/** A script for each kind of pipeline; the authority beside them where no public one vouches for this Runtime. */
function usesOf(deps: DatasetTokensPagesDeps, dataset: AskedDataset['dataset']) {
  const place = uploadPlace(deps, dataset)
  const { ca: caFile } = place
  const uses = [
    ...ciScripts(place).map(({ title, text }) => ({ name: title, snippet: text.trimEnd() })),
    { name: 'sluice', snippet: uploadLine(place) },
    ...(caFile ? [{ name: caFile, snippet: deps.state.authority.certificatePem.trimEnd() }] : []),
  ]
  return { uses, caFile }
}

function tokensPath({ path }: AskedDataset): string {
  return `${path}/tokens`
}
