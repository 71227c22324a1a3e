/** Where a site says that the next page is: the `Link` header (RFC 8288). */

/** Answers of sites have some hundred characters of it. */
const HEADER_LENGTH_MAX = 16_384

/** The target whose relation is `next`, as it stands there; `undefined` on the last page. */
export function nextLink(headers: Readonly<Record<string, string>>): string | undefined {
  const header = headers['link'] ?? ''
  if (header.length > HEADER_LENGTH_MAX) return undefined
  for (const [, target, parameters = ''] of header.matchAll(/<([^<>]*)>([^<]*)/g))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?![^\s;,]))/i.test(parameters)) return target
  return undefined
}
