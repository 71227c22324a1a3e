/** What doubles of services have in common: HTTPS under an authority of their own, what they were asked, faults, and a clock that may be off. */
import { serveHttps } from '../../../src/host/mod.ts'
import { type TestAuthority, testAuthority } from '../certificates.ts'

export type DoubleAsked = {
  method: string
  path: string
  query: Record<string, string>
  headers: Headers
  body: string
  status: number
  /** Monotonic. */
  atMs: number
}
/** What it answers in place of what it should. */
export type Fault = (asked: { path: string }) => Response | undefined | Promise<Response | undefined>

export type DoubleServer = AsyncDisposable & {
  url: string
  ca: string
  asked: DoubleAsked[]
  /** Asked for each request, in order; those that say nothing are passed over. */
  faults: Fault[]
  /** How far its clock is ahead. */
  skewMs: number
}
export type Answerable = Omit<DoubleAsked, 'status' | 'atMs'>
export type Answering = (asked: Answerable, nowMs: number) => Response | Promise<Response>

/** Two that a connector asks stand under one authority. */
export async function doubleServer(
  name: string,
  answer: Answering,
  authorityOf: Promise<TestAuthority> = testAuthority(name),
): Promise<DoubleServer> {
  const authority = await authorityOf
  const about: Omit<DoubleServer, 'url' | typeof Symbol.asyncDispose> = {
    ...{ ca: authority.certificatePem, asked: [], faults: [], skewMs: 0 },
  }
  const server = await serveHttps({
    ...{ hostname: '127.0.0.1', port: 0, tls: await authority.issue({ ip: ['127.0.0.1'] }) },
    async fetch(request) {
      const { pathname: path, searchParams } = new URL(request.url)
      const { method, headers } = request
      const asked = { method, path, query: Object.fromEntries(searchParams), headers, body: await request.text() }
      const atMs = performance.now()
      const nowMs = Date.now() + about.skewMs
      let response: Response | undefined
      for (const fault of about.faults) response ??= await fault({ path })
      response ??= await answer(asked, nowMs)
      about.asked.push({ ...asked, status: response.status, atMs })
      response.headers.set('date', new Date(nowMs).toUTCString())
      return response
    },
  })
  return Object.assign(about, {
    url: `https://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.close(),
  })
}

/** So many times, then never. */
export function times(count: number, make: () => Response, where = ''): Fault {
  let left = count
  return ({ path }) => (path.includes(where) && left-- > 0 ? make() : undefined)
}

/** Faults of every kind that passes, one after another: throttled by seconds and by a date of its clock, cut, down. */
export function passingFaults(double: Pick<DoubleServer, 'skewMs'>, where: string): Fault[] {
  const inASecond = () => new Date(Date.now() + double.skewMs + 1_000).toUTCString()
  const cut = () => new Response('{"data":[{"id":"1","k', { headers: { 'content-type': 'application/json' } })
  return [
    times(1, () => new Response('{}', { status: 429, headers: { 'retry-after': '1' } }), where),
    times(1, () => new Response('{}', { status: 429, headers: { 'retry-after': inASecond() } }), where),
    times(1, cut, where),
    times(1, () => new Response('down', { status: 503, headers: { 'retry-after': '0' } }), where),
  ]
}
