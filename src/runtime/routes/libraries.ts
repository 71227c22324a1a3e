/** /v1/libraries: code modules that are installed for scripts to import. A file comes as it is on the disk; nothing of it is run here. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import type { LibraryDesk } from '../libraries/library-desk.ts'
import { LIBRARY_BYTES_MAX } from '../libraries/package.ts'
import type { Station } from '../station.ts'
import { ComponentUseJson } from './uses.ts'

export type LibraryRoutesDeps = Pick<Station, 'libraries'>

const Named = v.object({ name: v.pipe(v.string(), v.maxLength(256)), version: v.pipe(v.string(), v.maxLength(256)) })
/** `name` and `version` are for a module, which says neither. */
const Installing = v.object({
  file: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  name: v.optional(v.pipe(v.string(), v.maxLength(256))),
  version: v.optional(v.pipe(v.string(), v.maxLength(256))),
})
const LibraryJson = v.object({
  ...{ name: v.string(), version: v.string(), sha256: v.string(), bytes: v.number(), entry: v.string() },
  files: v.object({ count: v.number(), bytes: v.number() }),
  ...{ dependencies: v.array(v.string()), installedBy: v.string(), installedAt: v.string() },
})
const UsedJson = v.object({ ...LibraryJson.entries, uses: v.array(ComponentUseJson) })
const DetailJson = v.object({
  ...UsedJson.entries,
  contents: v.array(v.object({ path: v.string(), bytes: v.number() })),
})

export function libraryRoutes({ libraries }: LibraryRoutesDeps): ApiRoutes {
  return new ApiRoutes('Libraries')
    .get(
      '/',
      {
        summary: 'Every version of every library, with its hash and who uses it.',
        role: 'viewer',
        /** `notAuthentic`: `name@version` of rows that something else wrote; they count for nothing. */
        answer: v.object({ libraries: v.array(UsedJson), notAuthentic: v.array(v.string()) }),
      },
      async () => {
        const { libraries: installed, notAuthentic } = await libraries.list()
        return { libraries: installed.map(libraryAsJson), notAuthentic }
      },
    )
    .post(
      '/',
      {
        summary: 'Installs a .js or .ts module, or an npm tarball.',
        role: 'owner',
        fresh: true,
        query: Installing,
        upload: 'application/octet-stream',
        bodyBytesMax: LIBRARY_BYTES_MAX,
        answer: LibraryJson,
        status: 201,
      },
      async ({ c, query, actor }) => {
        const content = new Uint8Array(await c.req.arrayBuffer())
        return libraryAsJson(await libraries.install({ ...query, content }, actor))
      },
    )
    .get(
      '/:name/:version',
      { summary: 'One version, with its files.', role: 'viewer', params: Named, answer: DetailJson },
      async ({ params: { name, version } }) => ({
        ...libraryAsJson(await libraries.find(name, version)),
        contents: await libraries.contents(name, version),
      }),
    )
    .get(
      '/:name/:version/content',
      { summary: 'The file as it was installed.', role: 'operator', params: Named, file: 'application/octet-stream' },
      async ({ c, params }) =>
        c.body(await libraries.content(params.name, params.version), 200, {
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment; filename="library"',
        }),
    )
    .delete(
      '/:name/:version',
      { summary: 'Removes a version that nothing uses.', role: 'owner', fresh: true, params: Named },
      ({ params, actor }) => libraries.remove(params.name, params.version, actor),
    )
}

type Told = Awaited<ReturnType<LibraryDesk['install']>>

function libraryAsJson<T extends Told>({ installedAtMs, ...library }: T) {
  return { ...library, installedAt: rfc3339(installedAtMs) }
}
