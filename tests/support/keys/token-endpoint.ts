/** A double of an OAuth2 token endpoint, made after RFC 6749 §4.4, §5 and §6: real HTTPS, its answers in the hands of the test. */
import { type HttpsServer, serveHttps } from '../../../src/host/mod.ts'
import { testAuthority } from '../certificates.ts'

export type TokenRequest = { form: Record<string, string>; authorization: string | undefined }
type Answer = { status?: number; body: unknown; location?: string }

export type TokenEndpoint = AsyncDisposable & {
  url: string
  /** PEM of the authority that vouches for it. */
  authority: string
  /** What was asked, in order. */
  requests: TokenRequest[]
  /** What comes next; without one, a token that lives an hour, `token-1`, `token-2`, … */
  answers: ((request: TokenRequest) => Answer | Promise<Answer>)[]
}

export async function tokenEndpoint(): Promise<TokenEndpoint> {
  const authority = await testAuthority('Token Endpoint Authority')
  const tls = await authority.issue({ ip: ['127.0.0.1'] })
  const requests: TokenRequest[] = []
  const answers: TokenEndpoint['answers'] = []
  const server: HttpsServer = await serveHttps({
    hostname: '127.0.0.1',
    port: 0,
    tls,
    async fetch(request) {
      const form = Object.fromEntries(new URLSearchParams(await request.text()))
      const asked = { form, authorization: request.headers.get('authorization') ?? undefined }
      requests.push(asked)
      const count = requests.length
      const { status = 200, body, location } = (await answers.shift()?.(asked)) ?? { body: bearer(`token-${count}`) }
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const headers = { 'content-type': 'application/json', ...(location !== undefined && { location }) }
      return new Response(text, { status, headers })
    },
  })
  return {
    url: `https://127.0.0.1:${server.port}/token`,
    authority: authority.certificatePem,
    ...{ requests, answers },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** A successful answer, §5.1. */
export function bearer(token: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { access_token: token, token_type: 'Bearer', expires_in: 3_600, ...more }
}
