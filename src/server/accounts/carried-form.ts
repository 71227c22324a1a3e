/**
 * A form that was sent before its person had proved to be there: the page that asks for the proof holds it, and it is sent on
 * afterwards, to the same checks as at first. It stands in the page and nowhere else, not in an address, and without its secrets.
 */
import type { Context } from 'hono'
import { safeNext } from '../../accounts/mod.ts'
import type { CarriedForm } from '../../web/mod.ts'
import type { PersonEnv } from '../person.ts'

/** A page of the browser's with all of it stays below three times that; what is longer is filled in again. */
export const CARRIED_BYTES_MAX = 262_144
/** Hidden fields of the page that asks: two to each field, and one more of an act that is about many things. */
const CARRIED_FIELDS_MAX = 1_024
/** What a form's declaration names as secret stays behind, and so does what is one by its name. */
const SECRET = /pass(word|phrase)|secret|^code$/i

/**
 * What was sent, without secrets and files, which are asked for once more (`incomplete`). `undefined` for what is not a form, or
 * is too long to stand in a page.
 */
export async function carriedForm(c: Context<PersonEnv>): Promise<CarriedForm | undefined> {
  const type = c.req.header('content-type') ?? ''
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i.test(type)) return undefined
  const sent = Object.entries(await c.req.parseBody({ all: true }))
  const secrets = c.get('secretFields')
  const isSecret = (name: string) => SECRET.test(name) || secrets?.test(name) === true
  const all = sent.flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))
  const given = all.filter(([, value]) => typeof value !== 'string' || value !== '')
  const fields = all.filter((field): field is [string, string] => typeof field[1] === 'string' && !isSecret(field[0]))
  const characters = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (characters > CARRIED_BYTES_MAX || fields.length > CARRIED_FIELDS_MAX) return undefined
  const incomplete = given.some(([name, value]) => typeof value !== 'string' || isSecret(name))
  return { to: c.req.path, fields, incomplete }
}

/** A path of this server, `undefined` for anything else. */
export function ownPath(given: string | undefined): string | undefined {
  const path = safeNext(given, '')
  return path === '' ? undefined : path
}

/** The same request as the browser made at first, but for what stayed behind. */
export function sentOn(c: Context<PersonEnv>, { to, fields }: CarriedForm): Request {
  const headers = new Headers(c.req.raw.headers)
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
  headers.set('content-type', 'application/x-www-form-urlencoded')
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
  return new Request(new URL(to, c.req.url).href, { method: 'POST', headers, body })
}
