/** A JSON Web Token (RFC 7519) that a private key of the vault signs. */
import { createPrivateKey } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { ConnectorCredentialUnfit } from '../errors.ts'

/** What it says, and of which algorithm and key. */
export type TokenForm = { algorithm: 'ES256' | 'RS256'; keyId?: string | undefined; claims: JWTPayload }

/** Refuses `connector.credential_unfit` for what is no private key of that algorithm, and repeats nothing of it. */
export async function signedToken(privateKey: string, { algorithm, keyId, claims }: TokenForm): Promise<string> {
  try {
    const header = { alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) }
    return await new SignJWT(claims).setProtectedHeader(header).sign(createPrivateKey(privateKey))
  } catch {
    const needed = algorithm === 'ES256' ? 'a private key of the curve P-256' : 'a private RSA key'
    throw new ConnectorCredentialUnfit(`the credential does not hold ${needed} in PEM`)
  }
}
