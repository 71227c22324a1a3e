/** What of accounts lies under the sealing key, for its rotation: secrets of authenticators, and that of the OpenID client. */
import { and, eq } from 'drizzle-orm'
import { base64url, fromBase64url } from '../base/mod.ts'
import { type SealedItems, writersDone } from '../keys/mod.ts'
import { type Database, totpSecrets } from '../store/mod.ts'
import { type AccountsDeps, type AccountTables, within } from './deps.ts'
import { OIDC_SECRET_BINDING, replaceSealedSecret, storedOidc } from './oidc/settings.ts'
import { TOTP_WRAP } from './totp.ts'

export function sealedAccounts(deps: AccountsDeps): SealedItems {
  const db: Database<AccountTables> = deps.db
  return {
    count: () => db.$count(totpSecrets),
    written: () => writersDone(db),
    async *items() {
      for (const { userId, sealed } of await db.select().from(totpSecrets)) {
        const same = and(eq(totpSecrets.userId, userId), eq(totpSecrets.sealed, sealed))
        yield {
          ...{ binding: { purpose: TOTP_WRAP, id: userId }, sealed },
          replace: (moved) => db.update(totpSecrets).set({ sealed: moved }).where(same),
        }
      }
      const before = (await storedOidc(deps))?.sealedSecret
      if (!before) return
      yield {
        ...{ binding: OIDC_SECRET_BINDING, sealed: fromBase64url(before) },
        replace: (moved) => within(deps, (tx) => replaceSealedSecret(tx, before, base64url(moved))),
      }
    },
  }
}
