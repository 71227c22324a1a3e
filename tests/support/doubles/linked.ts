/** A page of a list with the links that GitHub and GitLab give for it. */
export function linked(
  { path, query }: { path: string; query: Record<string, string> },
  base: string,
  all: readonly unknown[],
  wrap: (page: unknown[]) => unknown = (page) => page,
): Response {
  const size = Math.min(100, Number(query['per_page'] ?? 30))
  const page = Number(query['page'] ?? 1)
  const last = Math.max(1, Math.ceil(all.length / size))
  const at = (number: number, rel: string): string =>
    `<${base}${path}?${new URLSearchParams({ ...query, page: String(number) })}>; rel="${rel}"`
  const links = page < last ? [at(page + 1, 'next'), at(last, 'last')] : page > 1 ? [at(page - 1, 'prev')] : []
  const headers = { ...(links.length > 0 && { link: links.join(', ') }) }
  return Response.json(wrap(all.slice((page - 1) * size, page * size)), { headers })
}
