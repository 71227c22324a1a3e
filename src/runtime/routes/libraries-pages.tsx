/** The pages of libraries, under Settings; their forms do what the API does, by the same functions. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { dangerAct, type FormShown, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { DangerForm, readListing, type View } from '../../web/mod.ts'
import type { UsedLibrary } from '../libraries/library-desk.ts'
import { LIBRARY_BYTES_MAX } from '../libraries/package.ts'
import type { Station } from '../station.ts'
import {
  InstallLibrary,
  LIBRARIES_PATH,
  LIBRARY_SORTS,
  LibraryList,
  LibraryPage,
  libraryAddress,
  removalOf,
} from '../views/libraries.tsx'

export type LibraryPagesDeps = Pick<Station, 'libraries'> & { clock: Clock }

const AT = { current: '/settings', tab: LIBRARIES_PATH }
const CRUMBS = [{ href: LIBRARIES_PATH, label: 'Libraries' }]
/** What a form has around its file: the other fields, and what separates them. */
const FORM_BYTES = 16_384
const Upload = v.object({
  file: v.file('is missing'),
  name: v.optional(v.pipe(v.string(), v.trim()), ''),
  version: v.optional(v.pipe(v.string(), v.trim()), ''),
})

export function libraryPages(deps: LibraryPagesDeps, site: Site): Hono<PersonEnv> {
  const { libraries } = deps
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
    .route(
      '/',
      formPage(site, '/~install', {
        ...{ role: 'owner', fresh: true, multipart: true, bytesMax: LIBRARY_BYTES_MAX + FORM_BYTES, schema: Upload },
        again({ values, failed }) {
          const view = <InstallLibrary {...{ values, ...failed }} />
          return { ...AT, title: 'Install a library', crumbs: CRUMBS, view }
        },
        async act({ actor, input: { file, name, version } }) {
          const content = new Uint8Array(await file.arrayBuffer())
          const about = { ...(name !== '' && { name }), ...(version !== '' && { version }) }
          return libraryAddress(await libraries.install({ file: file.name, content, ...about }, actor))
        },
      }),
    )
    .get('/:name/:version', async (c) => {
      const library = await named(c, deps)
      const mayRemove = roleReaches(c.var.user.role, 'owner') && library.uses.length === 0
      return site.page(c, await one(deps, library, mayRemove ? <DangerForm {...removalOf(library)} /> : undefined))
    })
    .route(
      '/',
      dangerAct(site, '/:name/:version/remove', {
        role: 'owner',
        about: (c) => named(c, deps),
        form: removalOf,
        frame: ({ about, danger }) => one(deps, about, danger),
        async act({ about: { name, version }, actor }) {
          await libraries.remove(name, version, actor)
          return LIBRARIES_PATH
        },
      }),
    )
}

async function list(c: Context<PersonEnv>, { libraries, clock }: LibraryPagesDeps, site: Site): Promise<Response> {
  const listing = readListing(LIBRARIES_PATH, c.req.query(), { sort: LIBRARY_SORTS, by: 'name' })
  const mayChange = roleReaches(c.var.user.role, 'owner')
  const action = mayChange && (
    <a class="button" href={`${LIBRARIES_PATH}/~install`}>
      Install a library
    </a>
  )
  const view = <LibraryList {...(await libraries.list())} nowMs={clock.now()} {...{ listing, mayChange }} />
  return site.page(c, { ...AT, title: 'Libraries', ...(action && { action }), view })
}

function named(c: Context<PersonEnv>, { libraries }: LibraryPagesDeps): Promise<UsedLibrary> {
  const { name = '', version = '' } = c.req.param()
  return libraries.find(name, version)
}

async function one(
  { libraries, clock }: LibraryPagesDeps,
  library: UsedLibrary,
  danger: View | undefined,
): Promise<FormShown> {
  const contents = await libraries.contents(library.name, library.version)
  const view = <LibraryPage {...{ library, contents, danger, nowMs: clock.now() }} />
  return { ...AT, title: library.name, crumbs: CRUMBS, view }
}
