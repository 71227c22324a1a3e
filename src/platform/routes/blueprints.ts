/** /v1/blueprints */
import { Hono } from 'hono'
import * as v from 'valibot'
import { requireRole } from '../../accounts/mod.ts'
import { type Bytes, fromBase64url } from '../../base/mod.ts'
import { BLUEPRINT_BYTES_MAX } from '../../blueprint/mod.ts'
import { limitBody, parseInput, readJson } from '../../web/mod.ts'
import { Base64Url } from '../../wire/mod.ts'
import { CODE_BYTES_MAX, findBlueprint, lint, listBlueprints, saveBlueprint } from '../blueprints.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { actorOf, type Env } from './variables.ts'

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
const VersionText = v.pipe(v.string(), v.regex(/^[0-9]{1,9}$/), v.transform(Number), Version)

export function blueprintRoutes(room: TenantRoom): Hono<Env> {
  return new Hono<Env>()
    .get('/', async (c) => c.json({ blueprints: await listBlueprints(room.db) }))
    .get('/:name/:version', async (c) => {
      const version = parseInput(VersionText, c.req.param('version'))
      const { text: source, ...found } = await findBlueprint(room.db, c.req.param('name'), version)
      return c.json({ ...found, source })
    })
    .post('/lint', requireRole('operator'), limitBody(BLUEPRINT_BODY_BYTES_MAX), async (c) => {
      const given = await readJson(c, Source)
      return c.json({ findings: lint(room, given.source, codeOf(given.code)) })
    })
    .post('/', requireRole('operator'), limitBody(BLUEPRINT_BODY_BYTES_MAX), async (c) => {
      const { source: text, code, message } = await readJson(c, Source)
      const author = actorOf(c.var.user)
      return c.json(await saveBlueprint(room, { text, code: codeOf(code), author, message }), 201)
    })
}

function codeOf(given: Record<string, string>): Map<string, Bytes> {
  return new Map(Object.entries(given).map(([path, text]) => [path, fromBase64url(text)]))
}
