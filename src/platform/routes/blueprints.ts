/** /v1/blueprints: versioned documents with the code files that they use. */
import * as v from 'valibot'
import { type Bytes, fromBase64url } from '../../base/mod.ts'
import { BLUEPRINT_BYTES_MAX } from '../../blueprint/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { Base64Url } from '../../wire/mod.ts'
import { CODE_BYTES_MAX, findBlueprint, lint, listBlueprints, saveBlueprint } from '../blueprints.ts'
import type { TenantRoom } from '../tenant-room.ts'

export type BlueprintRoutesDeps = Pick<TenantRoom, 'db' | 'catalogue' | 'clock' | 'trail' | 'turns'>

/** 1 MiB of text and 4 MiB of code, in base64url and JSON. */
export const BLUEPRINT_BODY_BYTES_MAX = 8_388_608

const Source = v.strictObject({
  source: v.pipe(v.string(), v.maxLength(BLUEPRINT_BYTES_MAX)),
  /** Path as the Blueprint names it → base64url of the file. */
  code: v.optional(
    v.record(v.pipe(v.string(), v.maxLength(256)), v.pipe(Base64Url, v.maxLength(CODE_BYTES_MAX * 2))),
    {},
  ),
  message: v.optional(v.pipe(v.string(), v.maxLength(1_024)), ''),
})
export const Version = v.pipe(v.number(), v.integer(), v.minValue(1))
const VersionText = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,9}$/, 'must be a version, such as 3'),
  v.transform(Number),
  Version,
)

const Summary = v.object({
  name: v.string(),
  version: v.number(),
  author: v.string(),
  message: v.string(),
  createdAt: v.string(),
})
const Stored = v.object({
  ...Summary.entries,
  source: v.string(),
  code: v.record(v.string(), v.object({ sha256: v.string(), bytes: v.number() })),
})
const Finding = v.object({
  code: v.string(),
  severity: v.picklist(['error', 'warning']),
  message: v.string(),
  line: v.number(),
  column: v.number(),
  suggestion: v.optional(v.string()),
})

export function blueprintRoutes(room: BlueprintRoutesDeps): ApiRoutes {
  const sent = { role: 'operator', body: Source, bodyBytesMax: BLUEPRINT_BODY_BYTES_MAX } as const
  return new ApiRoutes('Blueprints')
    .get(
      '/',
      {
        summary: 'Every Blueprint in its newest version.',
        role: 'viewer',
        answer: v.object({ blueprints: v.array(Summary) }),
      },
      async () => ({ blueprints: await listBlueprints(room.db) }),
    )
    .get(
      '/:name/:version',
      {
        summary: 'One version, with its text.',
        role: 'viewer',
        params: v.object({ name: v.string(), version: VersionText }),
        answer: Stored,
      },
      async ({ params: { name, version } }) => {
        const { text: source, ...found } = await findBlueprint(room.db, name, version)
        return { ...found, source }
      },
    )
    .post(
      '/lint',
      {
        ...sent,
        summary: 'What is wrong with a text; nothing is stored.',
        answer: v.object({ findings: v.array(Finding) }),
      },
      async ({ body: { source, code } }) => ({ findings: lint(room, source, codeOf(code)) }),
    )
    .post(
      '/',
      { ...sent, summary: 'Stores a text as the next version.', answer: Summary, status: 201 },
      ({ body: { source: text, code, message }, actor }) =>
        saveBlueprint(room, { text, code: codeOf(code), author: actor, message }),
    )
}

function codeOf(given: Record<string, string>): Map<string, Bytes> {
  return new Map(Object.entries(given).map(([path, text]) => [path, fromBase64url(text)]))
}
