/** Random tokens, and the hashes under which they are kept. 256 random bits need no slow hash. */
import { type Bytes, base64url, type Random } from '../base/mod.ts'
import { hashOfToken } from '../crypto/mod.ts'

/** 43 characters of base64url, 256 bits. */
export function newToken(random: Random): string {
  return base64url(random(32))
}

/** What a database keeps of a token; `purpose` keeps a token of one kind from being taken for another. */
export function hashToken(purpose: 'session' | 'link' | 'api' | 'recovery', token: string): Promise<Bytes> {
  return hashOfToken(purpose, token)
}
