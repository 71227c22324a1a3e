/** What an owner sets for all accounts of an application: whether an authenticator is demanded, and the OpenID provider. */
import { eq } from 'drizzle-orm'
import { accountSettings } from '../store/mod.ts'
import type { WithinDeps } from './deps.ts'
import { DEMAND_TOTP } from './sessions.ts'

/** Under this name stands the issuer of the OpenID provider that is set up. */
export const OIDC_ISSUER = 'oidc-issuer'

/** The text kept under a name. */
export async function readSetting(deps: WithinDeps, name: string): Promise<string | undefined> {
  return (await deps.db.select().from(accountSettings).where(eq(accountSettings.name, name)).get())?.value
}

/** Replaces it; `undefined` takes it away. */
export async function writeSetting(deps: WithinDeps, name: string, value: string | undefined): Promise<void> {
  if (value === undefined) {
    await deps.db.delete(accountSettings).where(eq(accountSettings.name, name))
    return
  }
  const row = { name, value }
  await deps.db.insert(accountSettings).values(row).onConflictDoUpdate({ target: accountSettings.name, set: row })
}

/** Whether everyone needs an authenticator. */
export async function totpDemanded(deps: WithinDeps): Promise<boolean> {
  return (await readSetting(deps, DEMAND_TOTP)) !== undefined
}

/** From the next request on a session whose user has none is good for setting one up, and for nothing else. */
export function demandTotp(deps: WithinDeps, demanded: boolean): Promise<void> {
  return writeSetting(deps, DEMAND_TOTP, demanded ? 'true' : undefined)
}
