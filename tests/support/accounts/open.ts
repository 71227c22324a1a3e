/** Accounts over a real, encrypted database in a temporary folder, with time held still. */

import { type Accounts, openAccounts } from '../../../src/accounts/mod.ts'
import { type Bytes, systemRandom } from '../../../src/base/mod.ts'
import { type Database, type RuntimeSchema, runtimeDatabase } from '../../../src/store/mod.ts'
import { temporaryFolder } from '../folder.ts'
import { type FrozenClock, frozenClock } from '../frozen-clock.ts'

export type TestAccounts = Disposable & {
  accounts: Accounts
  db: Database<RuntimeSchema>
  clock: FrozenClock
  path: string
  /** The same database once more, as after a restart: nothing that was only in memory is left. */
  reopened(): Accounts
}

export const PASSWORD = 'correct horse battery staple'

export async function testAccounts(options: { pepper?: Bytes } = {}): Promise<TestAccounts> {
  const folder = temporaryFolder()
  const clock = frozenClock()
  const path = folder.file('runtime.db')
  const db = await runtimeDatabase(path, systemRandom(32))
  const open = (): Accounts => openAccounts({ db, clock, random: systemRandom, ...options })
  return {
    accounts: open(),
    db,
    clock,
    path,
    reopened: open,
    [Symbol.dispose]: () => {
      db.close()
      folder[Symbol.dispose]()
    },
  }
}

/** An owner `maria` with `PASSWORD`; resolves to her id. */
export async function makeMaria(accounts: Accounts): Promise<string> {
  const { user, token } = await accounts.createFirstOwner('maria')
  await accounts.redeemLink(token, { address: '10.9.9.9' }, PASSWORD)
  return user.id
}
