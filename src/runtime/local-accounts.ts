/** The people of this Runtime: its first owner with a one-time link, and the token of this machine's own command line. */
import { type Accounts, openAccounts } from '../accounts/mod.ts'
import type { Clock, Random } from '../base/mod.ts'
import type { Keyring } from '../keys/mod.ts'
import type { Database, RuntimeSchema } from '../store/mod.ts'

/** The account that stands before any other; it can be renamed to a person's once there are several. */
const FIRST_OWNER = 'owner'
/** Of the command line's token; a start in the second half of it makes a new one. */
const LOCAL_TOKEN_LIFETIME_MS = 360 * 86_400_000
const LOCAL_TOKEN_NAME = 'command line of this machine'

export type LocalAccounts = {
  accounts: Accounts
  /** Token of a link that sets the owner's first password; `undefined` once there is one. */
  firstOwnerToken: string | undefined
  /** The command line's token: the one that was kept, while it holds and is young; else a new one, and the old ones are revoked. */
  localToken(kept: string | undefined): Promise<string>
}

export async function openLocalAccounts(deps: {
  db: Database<RuntimeSchema>
  keyring: Pick<Keyring, 'secretFor'>
  clock: Clock
  random: Random
}): Promise<LocalAccounts> {
  const { db, keyring, clock, random } = deps
  const accounts = openAccounts({ db, clock, random, pepper: await keyring.secretFor('pepper', 'accounts') })
  const owner = await firstOwner(accounts)
  return {
    accounts,
    firstOwnerToken: owner.token,
    async localToken(kept) {
      const old = (await accounts.listApiTokens(owner.id)).filter((token) => token.name === LOCAL_TOKEN_NAME)
      const known = kept === undefined ? undefined : await accounts.userOfToken(kept)
      const young = old.some(
        ({ id, expiresAt }) => id === known?.id && expiresAt - clock.now() > LOCAL_TOKEN_LIFETIME_MS / 2,
      )
      if (kept !== undefined && young) return kept
      for (const { id } of old) await accounts.revokeApiToken(id)
      const expires = clock.now() + LOCAL_TOKEN_LIFETIME_MS
      return (await accounts.createApiToken({ user: owner.id, name: LOCAL_TOKEN_NAME, expires })).token
    },
  }
}

/** Until someone has set a password, each start gives a new link: the one before may have run out. */
async function firstOwner(accounts: Accounts): Promise<{ id: string; token: string | undefined }> {
  const users = await accounts.listUsers()
  const owners = users.filter((user) => user.role === 'owner')
  const [first] = owners
  if (!first) {
    const { user, token } = await accounts.createFirstOwner(FIRST_OWNER)
    return { id: user.id, token }
  }
  if (owners.some((user) => user.hasPassword)) return { id: first.id, token: undefined }
  return { id: first.id, token: await accounts.oneTimeLink(first.id, 'set-password') }
}
