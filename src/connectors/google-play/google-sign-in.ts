/** How a service account of Google signs in: with what its private key has signed (RFC 7523 §2.1), for a token of an hour. */
import * as v from 'valibot'
import { ConnectorCredentialUnfit } from '../errors.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SignedIn, SignInContext } from '../http/sign-in.ts'
import { signedToken } from '../http/signed-token.ts'
import type { GooglePlayConfig } from './google-play-config.ts'

const SCOPE = 'https://www.googleapis.com/auth/androidpublisher'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SECOND_MS = 1_000
/** Google takes what was signed for an hour at most. */
const ASSERTION_S = 3_000
/** So much earlier it says that it was made: clocks differ by seconds. */
const EARLIER_S = 30
/** Where it is not told how long a token lives it is not used for longer. */
const LIFETIME_S = 300

/** The file that Google makes for a service account. Where it says that one signs in is not looked at: an owner agreed to another. */
const ServiceAccount = v.looseObject({
  ...{ client_email: v.pipe(v.string(), v.maxLength(320)), private_key: v.string() },
  private_key_id: v.optional(v.pipe(v.string(), v.maxLength(256))),
})
const Answer = v.looseObject({
  access_token: v.pipe(v.string(), v.maxLength(32_768), v.regex(/^[\x21-\x7e]+$/)),
  expires_in: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)), LIFETIME_S),
})

/** Refuses `connector.credential_unfit` for what is no service account, and what the token endpoint's answers lead to. */
export async function googleSignIn(
  { tokenUrl }: GooglePlayConfig,
  { secret, door, nowMs }: SignInContext,
): Promise<SignedIn> {
  // Of an OAuth2 client the vault has fetched the token itself, and fetches the next.
  const { accessToken, serviceAccount } = secret
  if (accessToken !== undefined) return signedIn(accessToken, nowMs + LIFETIME_S * SECOND_MS)
  const { client_email: iss, private_key: privateKey, private_key_id: keyId } = readAccount(serviceAccount)
  const nowS = Math.floor(nowMs / SECOND_MS)
  const claims = { iss, scope: SCOPE, aud: tokenUrl, iat: nowS - EARLIER_S, exp: nowS + ASSERTION_S }
  const assertion = await signedToken(privateKey, { algorithm: 'RS256', keyId, claims })
  const answer = await door.ask({ method: 'POST', path: '', form: { grant_type: GRANT, assertion } })
  const { access_token: token, expires_in: lifetimeS } = readAnswer(answer, Answer, 'with a token as Google does')
  return signedIn(token, nowMs + lifetimeS * SECOND_MS)
}

function signedIn(token: string, untilMs: number): SignedIn {
  return { headers: { authorization: `Bearer ${token}` }, untilMs }
}

function readAccount(text: string | undefined): v.InferOutput<typeof ServiceAccount> {
  try {
    return v.parse(ServiceAccount, JSON.parse(text ?? ''))
  } catch {
    // Without its cause, which may quote what it holds.
    throw new ConnectorCredentialUnfit(
      'the credential needs a field `serviceAccount` with the JSON file of a service account of Google',
    )
  }
}
