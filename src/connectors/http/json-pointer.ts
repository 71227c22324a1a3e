/** JSON pointers (RFC 6901): where in an answer something stands. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'

/** As settings have it: empty for the whole, `/data/items`, `~1` for a slash and `~0` for a tilde within a name. */
export const JsonPointer = v.pipe(
  v.string(),
  v.maxLength(512),
  v.regex(/^(?:\/(?:[^/~]|~[01])*)*$/, naming('must be a JSON pointer such as /data/items')),
)

/** What stands there; `undefined` where nothing does. Only an object's own names are followed. */
export function atPointer(value: unknown, pointer: string): unknown {
  let found = value
  for (const name of namesOf(pointer)) {
    if (typeof found !== 'object' || found === null) return undefined
    if (Array.isArray(found)) found = /^(?:0|[1-9]\d{0,8})$/.test(name) ? found[Number(name)] : undefined
    else found = Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined
  }
  return found
}

/** The names that it follows. */
export function namesOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A name as a part of a pointer. */
export function pointerPart(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
