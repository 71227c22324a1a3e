/** The people of this Runtime, and its first owner with a one-time link; after a restore, without the ways in of before. */
import { type Accounts, openAccounts } from '../accounts/mod.ts'
import type { Trail } from '../audit/mod.ts'
import type { Clock, Random } from '../base/mod.ts'
import type { DataDesk, UploadTokens } from '../datasets/mod.ts'
import { type Keyring, openWrappingKey } from '../keys/mod.ts'
import { lockRecorder } from '../server/mod.ts'
import type { Database, RuntimeSchema } from '../store/mod.ts'
import { endAccessAfterRestore } from './state/after-restore.ts'
import type { Settings } from './state/settings.ts'

/** The account that stands before any other; it can be renamed to a person's once there are several. */
const FIRST_OWNER = 'owner'

export type LocalAccounts = {
  accounts: Accounts
  /** Ids of the owners who are not disabled; for the first of them this machine's own command line speaks. */
  owners(): Promise<readonly string[]>
  /** Token of a link that sets the owner's first password; `undefined` once there is one. */
  firstOwnerToken: string | undefined
}

export async function openLocalAccounts(deps: {
  db: Database<RuntimeSchema>
  keyring: Pick<Keyring, 'secretFor' | 'pair' | 'acts'>
  trail: Pick<Trail, 'record'>
  settings: Pick<Settings, 'keptAt'>
  uploadTokens: Pick<UploadTokens, 'revokeAll'>
  datasets: Pick<DataDesk, 'supposeRetentions'>
  clock: Clock
  random: Random
  /** Aborted when this Runtime stops: nobody's password is checked any more. */
  closing?: AbortSignal
}): Promise<LocalAccounts> {
  const { db, keyring, trail, clock, random, closing } = deps
  const pepper = await keyring.secretFor('pepper', 'accounts')
  const sealing = () => openWrappingKey(keyring, 'sealing', 'accounts')
  const accounts = openAccounts({
    ...{ db, clock, random, closing, pepper, sealing },
    onLocked: lockRecorder(trail),
  })
  await endAccessAfterRestore({ ...deps, accounts })
  const owners = async () => (await enabledOwners(accounts)).map(({ id }) => id)
  return { accounts, owners, firstOwnerToken: await firstOwnerToken(accounts) }
}

/** Until an owner can sign in, each start gives a new link: the one before may have run out. */
async function firstOwnerToken(accounts: Accounts): Promise<string | undefined> {
  const owners = await enabledOwners(accounts)
  const [first] = owners
  if (!first) return (await accounts.createFirstOwner(FIRST_OWNER)).token
  if (owners.some(({ hasPassword, hasIdentity }) => hasPassword || hasIdentity)) return undefined
  return accounts.oneTimeLink(first.id, 'set-password')
}

/** Those who can sign in before those who were invited and never did. */
async function enabledOwners(accounts: Accounts) {
  const owners = (await accounts.listUsers()).filter(({ role, disabledAt }) => role === 'owner' && disabledAt === null)
  const canSignIn = ({ hasPassword, hasIdentity }: (typeof owners)[number]): boolean => hasPassword || hasIdentity
  return [...owners.filter(canSignIn), ...owners.filter((one) => !canSignIn(one))]
}
