/** A certified OpenID provider that is not ours, on 127.0.0.1, at which one person signs in and agrees without being asked. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { requestHttps } from '../../../src/host/mod.ts'
import { testAuthority } from '../certificates.ts'

export type RealProvider = AsyncDisposable & {
  issuer: string
  ca: string
  clientId: string
  clientSecret: string
  /** A browser that goes through the sign-in there; the address to which it is sent back. */
  walk(address: string): Promise<URL>
}

const CLIENT = { clientId: 'sluice', clientSecret: 'a secret of the client, long enough for anyone' }
const PERSON = { sub: 'ada', email: 'ada@example.org', email_verified: true, preferred_username: 'ada' }

export async function realProvider(redirectUri: string): Promise<RealProvider> {
  const authority = await testAuthority('provider')
  const { certificatePem: cert, privateKeyPem: key } = await authority.issue({ ip: ['127.0.0.1'] })
  const handle: { request?: (request: IncomingMessage, response: ServerResponse) => void } = {}
  const server = createServer({ cert, key }, (request, response) => handle.request?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, await configuration(redirectUri))
  const answer = provider.callback()
  handle.request = (request, response) => {
    if (request.url?.startsWith('/interaction/')) void interact(provider, request, response)
    else answer(request, response)
  }
  return {
    ...{ issuer, ca: authority.certificatePem, ...CLIENT },
    walk: (address) => walk(address, issuer, authority.certificatePem),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function configuration(redirectUri: string): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return {
    clients: [
      {
        ...{ client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, redirect_uris: [redirectUri] },
        ...{ grant_types: ['authorization_code'], response_types: ['code'], id_token_signed_response_alg: 'ES256' },
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['a key for the cookies of the provider'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: async () => PERSON }),
  }
}

/** What a person would click: in as Ada, then yes. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const how = { mergeWithLastSubmission: true }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: PERSON.sub } }, how)
  }
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: params.client_id })
  grant.addOIDCScope('openid email profile')
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, how)
}

async function walk(address: string, issuer: string, ca: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let at = new URL(address)
  for (let steps = 0; at.origin === issuer; steps++) {
    if (steps > 10) throw new RangeError('the provider leads nowhere')
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { headers } = await requestHttps(at.href, {
      ...{ method: 'GET', headers: { cookie, accept: 'text/html' }, ca: [ca], timeoutMs: 5_000, bytesMax: 1_048_576 },
    })
    for (const [, name = '', value = ''] of (headers['set-cookie'] ?? '').matchAll(/(_[\w.]+)=([^;,]*);/g))
      cookies.set(name, value)
    at = new URL(headers['location'] ?? '', at)
  }
  return at
}
