/** Texts as an attacker would choose them for a name, a path or a reason, and what must not come of them. */
import { expect } from 'bun:test'
import { STEERING } from '../steering.ts'
import type { Visited } from './walk.ts'

/** Ends any attribute and any element. */
export const MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'&'
/** Ends a header, and begins one. */
export const HEADER = 'x\r\nSet-Cookie: stolen=1\r\nX-Stolen: 1'
export const HOSTILE = `${MARKUP}${Object.values(STEERING).join('x')}`

/** The page shows what it was given and does none of it. */
export function expectHarmless(path: string, { text, type }: Visited): void {
  if (!type.startsWith('text/html')) return
  const found = [/<script(?![^>]* src="[^"]*\/assets\/)/, /<img\b/, /\son[a-z]+="/, /\sstyle="/, /javascript:/i]
    .filter((pattern) => pattern.test(text))
    .map((pattern) => `${path} has ${pattern}`)
  // Line feeds and tabs are part of a page; everything else that steers or hides is shown as what it is.
  if (/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) found.push(`${path} has a character that steers`)
  expect(found).toEqual([])
}

/** No header came of a text, and no page may stand in a frame. */
export function expectSoundHeaders(path: string, headers: Headers): void {
  const found = {
    path,
    stolen: [...headers].filter(([name, value]) => `${name}${value}`.toLowerCase().includes('stolen')),
    frames: headers.get('x-frame-options'),
    policy: headers.get('content-security-policy')?.includes("frame-ancestors 'none'"),
    sniff: headers.get('x-content-type-options'),
  }
  expect(found).toEqual({ path, stolen: [], frames: 'DENY', policy: true, sniff: 'nosniff' })
}
