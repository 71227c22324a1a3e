/** How a site is told who asks: from what the vault lends, never from a setting. */
import { ConnectorCredentialUnfit } from '../errors.ts'

/** `header`: the name of another header than `Authorization`, which then has the bare token. */
export type AuthorizationForm = { header?: string | undefined; prefix?: string | undefined }

/** The header for a credential of the kinds `password` (Basic, RFC 7617), `token` and `oauth2_client` (Bearer, RFC 6750). */
export function authorizationHeader(
  secret: Readonly<Record<string, string>>,
  { header, prefix }: AuthorizationForm = {},
): Record<string, string> {
  const { token = secret['accessToken'], username, password } = secret
  if (token !== undefined) {
    const text = `${prefix ?? (header === undefined ? 'Bearer ' : '')}${token}`
    return { [header?.toLowerCase() ?? 'authorization']: text }
  }
  if (username === undefined || password === undefined)
    throw new ConnectorCredentialUnfit('the credential has neither a token nor a username with a password')
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
