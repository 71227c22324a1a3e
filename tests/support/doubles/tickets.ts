/**
 * A double of an API of nobody's in particular: tickets, by each of the ways in which APIs page, filtered by the time of their last
 * change or by their number, under a token in a header of its own.
 */
import { type Answerable, type DoubleServer, doubleServer } from './double-server.ts'
import { linked } from './linked.ts'

export type Ticket = { id: number; title: string; updatedMs: number; more?: Record<string, unknown> }
export type TicketsDouble = DoubleServer & { put(...tickets: Ticket[]): void }

export const TICKETS_TOKEN = 'token-of-the-tickets'

export async function ticketsDouble(): Promise<TicketsDouble> {
  const tickets = new Map<number, Ticket>()
  const double = await doubleServer('tickets', (request) => {
    if (request.headers.get('x-api-key') !== TICKETS_TOKEN)
      return Response.json({ error: { message: 'Who are you?' } }, { status: 401 })
    return answer(request, double.url, matching(request, [...tickets.values()]))
  })
  return Object.assign(double, {
    put: (...given: Ticket[]) => void given.map((ticket) => tickets.set(ticket.id, ticket)),
  })
}

type Asked = Answerable

function bodyOf({ body }: Pick<Asked, 'body'>): Record<string, unknown> {
  return body === '' ? {} : JSON.parse(body)
}

function matching(request: Asked, all: Ticket[]): unknown[] {
  const { query } = request
  const since = query['updated_since'] ?? bodyOf(request)['updated_since']
  const after = query['after_id']
  const found = all
    .filter(({ updatedMs }) => since === undefined || updatedMs >= Date.parse(String(since)))
    .filter(({ id }) => after === undefined || id > Number(after))
  const byTime = (a: Ticket, b: Ticket): number => a.updatedMs - b.updatedMs || a.id - b.id
  found.sort(query['sort'] === 'updated' ? byTime : (a, b) => a.id - b.id)
  return found.map(({ id, title, updatedMs, more }) => ({
    ...{ id, title, updated: new Date(updatedMs).toISOString(), reporter: { name: `person ${id % 3}` } },
    ...more,
  }))
}

function answer(request: Asked, base: string, all: unknown[]): Response {
  const { path, query } = request
  const body = bodyOf(request)
  const size = Number(query['per_page'] ?? body['size'] ?? 10)
  const of = (from: number) => all.slice(from, from + size)
  switch (path) {
    case '/v2/linked':
      return linked(request, base, all)
    case '/v2/numbered':
      return Response.json({ data: { items: of((Number(query['page'] ?? 1) - 1) * size) } })
    case '/v2/offset':
      return Response.json({ items: of(Number(query['offset'] ?? 0)), total: all.length })
    case '/v2/behind':
      return Response.json(of(0))
    case '/v2/search': {
      const from = Number(body['token'] ?? 0)
      return Response.json({ items: of(from), next: from + size < all.length ? from + size : null })
    }
    case '/v2/urls': {
      const from = Number(query['from'] ?? 0)
      const next = `${path}?${new URLSearchParams({ ...query, from: String(from + size) })}`
      return Response.json({
        items: of(from),
        links: { next: from + size < all.length ? next : null },
      })
    }
    default:
      return Response.json({ message: 'not here' }, { status: 404 })
  }
}
