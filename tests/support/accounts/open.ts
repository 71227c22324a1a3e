/** Accounts over a real, encrypted database in a temporary folder, with time held still. */

import type { AccountsDeps } from '../../../src/accounts/deps.ts'
import { type Accounts, openAccounts, type SignedIn } from '../../../src/accounts/mod.ts'
import type { OpenedSession } from '../../../src/accounts/sessions.ts'
import { type Bytes, systemRandom } from '../../../src/base/mod.ts'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { type Database, type RuntimeSchema, runtimeDatabase } from '../../../src/store/mod.ts'
import { memoryFolder } from '../folder.ts'
import { type FrozenClock, frozenClock } from '../frozen-clock.ts'

export type TestAccounts = Disposable & {
  accounts: Accounts
  db: Database<RuntimeSchema>
  clock: FrozenClock
  path: string
  /** What `openAccounts` was given. */
  deps: AccountsDeps
  /** `redeemLink` where no code is asked for. */
  redeem(...input: Parameters<Accounts['redeemLink']>): Promise<OpenedSession>
  /** `signIn` where no code is asked for. */
  enter(name: string, password: string, address: string, userAgent?: string): Promise<OpenedSession>
  /** The same database once more, as after a restart: nothing that was only in memory is left. */
  reopened(): Accounts
}

export const PASSWORD = 'correct horse battery staple'

export async function testAccounts(options: { pepper?: Bytes; closing?: AbortSignal } = {}): Promise<TestAccounts> {
  const folder = memoryFolder()
  const clock = frozenClock()
  const path = folder.file('runtime.db')
  const db = await runtimeDatabase(path, systemRandom(32))
  const key = await importWrappingKey(systemRandom(32))
  const deps = { db, clock, random: systemRandom, sealing: async () => key, ...options }
  const open = (): Accounts => openAccounts(deps)
  const accounts = open()
  return {
    accounts,
    deps,
    redeem: (...input) => opened(accounts.redeemLink(...input)),
    enter: (name, password, address, userAgent) => opened(accounts.signIn(name, password, { address, userAgent })),
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

async function opened(signingIn: Promise<SignedIn>): Promise<OpenedSession> {
  const signedIn = await signingIn
  if ('secondStep' in signedIn) throw new RangeError('a code is asked for')
  return signedIn
}

/** An owner `maria` with `PASSWORD`; resolves to her id. */
export async function makeMaria(accounts: Accounts): Promise<string> {
  const { user, token } = await accounts.createFirstOwner('maria')
  await accounts.redeemLink(token, { address: '10.9.9.9' }, PASSWORD)
  return user.id
}
