/** The API's own documentation: the OpenAPI document, and a page that lists its routes for people. */
import * as v from 'valibot'
import { ApiRoutes } from './api.ts'
import { type OpenApi, openApiOf } from './openapi.ts'
import type { PageLink, Site } from './site.tsx'
import { ApiDocs } from './views/api-docs.tsx'

/** Where the page is, for the user's menu. */
export const API_LINK: PageLink = { href: '/v1/docs', label: 'API' }

/** What the document is called, and the version of the program. */
export type ApiTitle = { title: string; version: string }

/**
 * Completes an API: adds `/openapi.json` and `/docs` to its routes and documents them like the others. Both are made at the first
 * request, of what was declared by then.
 */
export function documented(routes: ApiRoutes, about: ApiTitle, site: Site): ApiRoutes {
  let made: OpenApi | undefined
  const { base } = site.place
  const document = (): OpenApi => {
    made ??= openApiOf(routes.declared, { ...about, base: `${base}/v1` })
    return made
  }
  const itself = new ApiRoutes('Documentation')
    .get(
      '/openapi.json',
      { summary: 'This document (OpenAPI 3.1).', role: 'viewer', answer: v.looseObject({ openapi: v.string() }) },
      async () => document() as OpenApi & Record<string, unknown>,
    )
    .get('/docs', { summary: 'The same for people.', role: 'viewer', file: 'text/html' }, ({ c }) =>
      site.page(c, { title: 'API', current: '/', view: <ApiDocs document={document()} /> }),
    )
  return routes.mount('', itself)
}
