/** The pages of credentials; their forms do what the API does, by the same functions. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import {
  dangerPage,
  demandFresh,
  type FailedForm,
  type FormShown,
  type FormValues,
  formAct,
  type PersonEnv,
  type Site,
  Whole,
} from '../../server/mod.ts'
import { parseInput, readListing, type View } from '../../web/mod.ts'
import type { CredentialSet } from '../credentials/credential-desk.ts'
import type { Station } from '../station.ts'
import { ChooseKind, CredentialForm, FROM_PREFIX, MakeKeyForm } from '../views/credential-form.tsx'
import {
  addressOf,
  CREDENTIAL_SORTS,
  CredentialList,
  CredentialPage,
  type CredentialPageProps,
  DeleteCredential,
  deletionOf,
} from '../views/credentials.tsx'
import { CredentialInput, credentialFailure, fieldsIn, KeyInput, SECRETS } from './credential-form.ts'

export type CredentialPagesDeps = Pick<Station, 'credentials'> & { clock: Clock }

const PATH = '/credentials'
const CRUMBS = [{ href: PATH, label: 'Credentials' }]
/** `own`: with a key of one's own, in place of one that is made here. `elsewhere`: with values from sources. */
const Way = v.object({ way: v.optional(v.picklist(['own', 'elsewhere'])) })
const OfKind = v.object({ kind: v.optional(CredentialInput.entries.kind), ...Way.entries })
/** What came of keeping one, for the page that is shown next. */
const Kept = v.object({ restarted: v.optional(Whole), unavailable: v.optional(v.string(), '') })

/** `~` is in no credential's name: these pages hide none. */
export function credentialPages(deps: CredentialPagesDeps, site: Site): Hono<PersonEnv> {
  const { credentials } = deps
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
    .get('/~new', (c) => {
      demandFresh(c, 'owner')
      const { kind, way } = parseInput(OfKind, c.req.query())
      const view = kind === undefined ? <ChooseKind /> : form(deps, { kind }, way)
      return site.page(c, { title: 'New credential', current: PATH, crumbs: CRUMBS, view })
    })
    .route('/', keepingForms(deps, site))
    .get('/:name', async (c) => {
      const { restarted, unavailable } = parseInput(Kept, c.req.query())
      return site.page(c, await one(c, deps, { restarted, unavailable: unavailable.split(',') }))
    })
    .route(
      '/',
      formAct(site, '/:name/check', {
        role: 'operator',
        again: ({ c, failed: { failure } }) => one(c, deps, { failure }),
        async act({ c, actor }) {
          const checked = await credentials.check(c.req.param('name') ?? '', {}, actor)
          return site.page(c, await one(c, deps, { checked }))
        },
      }),
    )
    .get('/:name/replace', async (c) => {
      demandFresh(c, 'owner')
      const { name, kind } = await credentials.find(c.req.param('name'))
      const { way } = parseInput(Way, c.req.query())
      const crumbs = [...CRUMBS, { href: addressOf(name), label: name }]
      return site.page(c, {
        title: 'Replace',
        current: PATH,
        crumbs,
        view: form(deps, { kind, replaces: name }, way),
      })
    })
    .route('/', deletePage(deps, site))
}

function deletePage({ credentials }: CredentialPagesDeps, site: Site): Hono<PersonEnv> {
  return dangerPage(site, '/:name/delete', {
    role: 'owner',
    about: (c) => credentials.find(c.req.param('name') ?? ''),
    form: deletionOf,
    frame: ({ about: { name, uses }, danger }) => ({
      ...{ title: 'Delete', current: PATH, crumbs: [...CRUMBS, { href: addressOf(name), label: name }] },
      view: <DeleteCredential {...{ uses, danger }} />,
    }),
    async act({ about, actor }) {
      await credentials.remove(about.name, true, actor)
      return PATH
    },
  })
}

/** What the forms post to that keep a credential: a new one, or another in its place. */
function keepingForms({ credentials }: CredentialPagesDeps, site: Site): Hono<PersonEnv> {
  const kept = { role: 'owner', fresh: true, secrets: SECRETS, failureOf: credentialFailure } as const
  return new Hono<PersonEnv>()
    .route(
      '/',
      formAct(site, '/~set', {
        ...{ ...kept, schema: CredentialInput },
        again: (shown) => keptAgain(shown, (props) => <CredentialForm {...props} sources={credentials.sources} />),
        async act({ input, actor }) {
          const { name, kind } = input
          const wanted = { kind, fields: fieldsIn(input), replace: input.replaces === 'yes' }
          return addressOfSet(await credentials.set(name, wanted, actor))
        },
      }),
    )
    .route(
      '/',
      formAct(site, '/~generate', {
        ...{ ...kept, schema: KeyInput },
        again: (shown) => keptAgain(shown, (props) => <MakeKeyForm {...props} />),
        async act({ input: { name, kind, algorithm, username, replaces }, actor }) {
          const wanted = { kind, algorithm, replace: replaces === 'yes', ...(username !== '' && { username }) }
          return addressOfSet(await credentials.generate(name, wanted, actor))
        },
      }),
    )
}

function addressOfSet({ name, restarted, unavailable }: CredentialSet): string {
  const lacking = unavailable.map(({ field }) => field).join(',')
  const kept = new URLSearchParams({ restarted: `${restarted.length}`, ...(lacking && { unavailable: lacking }) })
  return `${addressOf(name)}?${kept}`
}

function list(c: Context<PersonEnv>, { credentials, clock }: CredentialPagesDeps, site: Site): Promise<Response> {
  const listing = readListing(PATH, c.req.query(), { sort: CREDENTIAL_SORTS, by: 'name' })
  const mayChange = roleReaches(c.var.user.role, 'owner')
  const action = mayChange && (
    <a class="button" href={`${PATH}/~new`}>
      New credential
    </a>
  )
  return credentials.list().then((all) =>
    site.page(c, {
      ...{ title: 'Credentials', current: PATH },
      ...(action && { action }),
      view: <CredentialList credentials={all} nowMs={clock.now()} {...{ listing, mayChange }} />,
    }),
  )
}

async function one(
  c: Context<PersonEnv>,
  { credentials, clock }: CredentialPagesDeps,
  about: Partial<CredentialPageProps>,
): Promise<FormShown> {
  const credential = await credentials.find(c.req.param('name') ?? '')
  const { role } = c.var.user
  const view = (
    <CredentialPage
      {...about}
      credential={credential}
      mayCheck={roleReaches(role, 'operator')}
      mayChange={roleReaches(role, 'owner')}
      nowMs={clock.now()}
    />
  )
  return { title: credential.name, current: PATH, crumbs: CRUMBS, view }
}

type FormsProps = Omit<Parameters<typeof CredentialForm>[0], 'sources'>

/** A key is made here unless one brings one's own. */
function form({ credentials }: CredentialPagesDeps, props: FormsProps, way: 'own' | 'elsewhere' | undefined): View {
  const isKey = props.kind === 'key_pair' || props.kind === 'ssh_key'
  if (isKey && way === undefined) return <MakeKeyForm {...props} />
  return <CredentialForm {...props} sources={credentials.sources} elsewhere={way === 'elsewhere'} />
}

/** The form that was sent, with what was chosen and without the values that were typed. */
function keptAgain(
  { values, failed }: { values: FormValues; failed: FailedForm },
  form: (props: FormsProps) => View,
): FormShown {
  const { kind = 'fields' } = parseInput(v.object({ kind: OfKind.entries.kind }), values)
  const elsewhere = Object.keys(values).some((name) => name.startsWith(FROM_PREFIX))
  const replaces = values['replaces'] === 'yes' ? values['name'] : undefined
  const { failure, errors } = failed
  const view = form({ failure, errors, kind, elsewhere, replaces, values })
  return { title: replaces ? 'Replace' : 'New credential', current: PATH, crumbs: CRUMBS, view }
}
