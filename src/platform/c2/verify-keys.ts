/** The keys by which Runtimes are known, imported once each. */
import { fromBase64url } from '../../base/mod.ts'
import { importVerifyKey } from '../../crypto/mod.ts'
import type { VerifyKeyOf } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { signingKeyOf } from '../runtimes.ts'

/** 16,384 imported keys × ~1 KiB = 16 MiB; the oldest goes. */
const KEYS_MAX = 16_384

/** Looks a key up each time, so that a registration that lapsed is a stranger's at once; only the import is remembered. */
export function verifyKeys(db: TenantStore): VerifyKeyOf {
  const imported = new Map<string, Promise<CryptoKey>>()
  return async (from, kid) => {
    const text = await signingKeyOf(db, from, kid)
    if (text === undefined) return undefined
    const known = imported.get(text)
    if (known) return known
    const [oldest] = imported.keys()
    if (imported.size >= KEYS_MAX && oldest !== undefined) imported.delete(oldest)
    const key = importVerifyKey(fromBase64url(text))
    imported.set(text, key)
    return key
  }
}
