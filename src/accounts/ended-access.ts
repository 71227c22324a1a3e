/** Ends every way in that something random opens, for a database that is older than what was taken back since. */
import { apiTokens, oneTimeLinks, recoveryCodes, sessions } from '../store/mod.ts'
import { type AccountsDeps, within } from './deps.ts'

/**
 * Sessions, one-time links, API tokens and recovery codes, of everyone. What is left is what a person knows or has: passwords,
 * authenticators, accounts at the provider.
 */
export async function endAccess(deps: AccountsDeps): Promise<void> {
  await within(deps, async ({ db }) => {
    for (const table of [sessions, oneTimeLinks, apiTokens, recoveryCodes]) await db.delete(table)
  })
}
