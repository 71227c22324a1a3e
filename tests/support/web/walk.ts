/** Finds every page of a server by its links, so that a page that is added is looked at without being named anywhere. */

/** What came of a GET; `location` of a redirect. */
export type Visited = { status: number; type: string; text: string; location?: string | undefined }

/** A server with more pages than this has links that lead nowhere new. */
const PAGES_MAX = 400
/** Addresses of one path that differ in their query: ranges, orders, components. Some are looked at, not all of them. */
const QUERIES_MAX = 3

/** Addresses of all pages that links lead to from `starts`, each asked for once, with what came. Assets are not pages. */
export async function walkPages(
  visit: (path: string) => Promise<Visited>,
  starts: readonly string[],
): Promise<Map<string, Visited>> {
  const found = new Map<string, Visited>()
  const queue = [...starts]
  const queries = new Map<string, number>()
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const { pathname } = new URL(path, 'https://x.invalid')
    const asked = queries.get(pathname) ?? 0
    if (found.has(path) || asked >= QUERIES_MAX || pathname.startsWith('/assets/')) continue
    queries.set(pathname, asked + 1)
    if (found.size >= PAGES_MAX) throw new Error(`more than ${PAGES_MAX} pages`)
    const page = await visit(path)
    found.set(path, page)
    if (page.location !== undefined) queue.push(...within([page.location], path))
    else if (page.type.startsWith('text/html')) queue.push(...within(linksOf(page.text), path))
  }
  return found
}

/** Targets of all links of a page. */
export function linksOf(html: string): string[] {
  return [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))
}

function within(links: readonly string[], from: string): string[] {
  const base = new URL(from, 'https://x.invalid')
  return links
    .filter((link) => URL.canParse(link, base.href))
    .map((link) => new URL(link, base))
    .filter((url) => url.origin === base.origin)
    .map(({ pathname, search }) => `${pathname}${search}`)
}
