/**
 * A double of an OpenID provider on 127.0.0.1, made from OpenID Connect Core 1.0, Discovery 1.0 and RFC 7636: it signs with jose,
 * holds clients to PKCE, redirect address and secret, takes a code once, and can be told to get things wrong.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { testAuthority } from '../certificates.ts'

/** What the ID token says beside or in place of what it should. */
export type Wrong = {
  claims?: JWTPayload
  /** Signs with a key that the provider does not publish. */
  foreignKey?: boolean
  /** Takes one code as often as it comes. */
  takesCodesAgain?: boolean
}

export type ProviderDouble = AsyncDisposable & {
  issuer: string
  ca: string
  /** The person signs in there: the query with which the browser comes back. */
  grant(address: string, claims: JWTPayload & { sub: string }, wrong?: Wrong): URLSearchParams
  /** How often the token endpoint was asked. */
  readonly asked: number
}

export const CLIENT = { clientId: 'sluice', clientSecret: 'a secret of the client' }

type Grant = { question: URLSearchParams; claims: JWTPayload; wrong: Wrong; used: boolean }

export async function oidcProvider(): Promise<ProviderDouble> {
  const authority = await testAuthority('provider')
  const { certificatePem: cert, privateKeyPem: key } = await authority.issue({ ip: ['127.0.0.1'] })
  const [own, foreign] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const grants = new Map<string, Grant>()
  let asked = 0
  const server = createServer({ cert, key }, async (request, response) => {
    const answer = await answerOf(request).catch((error: unknown) => ({ error: String(error) }))
    response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answerOf(request: IncomingMessage): Promise<object> {
    if (request.url === '/.well-known/openid-configuration') return discovery(issuer)
    if (request.url === '/jwks') return { keys: [jwk] }
    if (request.url !== '/token') return { error: 'not_found' }
    asked++
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    return token(new URLSearchParams(Buffer.concat(chunks).toString()))
  }

  async function token(asking: URLSearchParams): Promise<object> {
    const granted = grants.get(asking.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(asking.get('code_verifier') ?? '')
      .digest('base64url')
    const holds =
      granted !== undefined &&
      (!granted.used || granted.wrong.takesCodesAgain === true) &&
      asking.get('client_id') === CLIENT.clientId &&
      asking.get('client_secret') === CLIENT.clientSecret &&
      asking.get('redirect_uri') === granted.question.get('redirect_uri') &&
      verifier === granted.question.get('code_challenge')
    if (!holds) return { error: 'invalid_grant' }
    granted.used = true
    return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: await idToken(granted) }
  }

  function idToken({ question, claims, wrong }: Grant): Promise<string> {
    const now = Math.floor(Date.now() / 1_000)
    const usual = { iss: issuer, aud: CLIENT.clientId, iat: now, exp: now + 60, nonce: question.get('nonce') }
    const { privateKey } = wrong.foreignKey ? foreign : own
    return new SignJWT({ ...usual, auth_time: now, ...claims, ...wrong.claims } as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(privateKey)
  }

  return {
    issuer,
    ca: authority.certificatePem,
    get asked() {
      return asked
    },
    grant(address, claims, wrong = {}) {
      const question = new URL(address).searchParams
      const code = `code-${grants.size}-${crypto.randomUUID()}`
      grants.set(code, { question, claims, wrong, used: false })
      return new URLSearchParams({ code, state: question.get('state') ?? '', iss: issuer })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function discovery(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  }
}
