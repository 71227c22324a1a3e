/** Trails to look at: some lines, one signer. */
import { openTrail, type Trail } from '../../../src/audit/mod.ts'
import { systemRandom } from '../../../src/base/mod.ts'
import { generateStoredKeyPair, loadSigningKey, type SigningKey } from '../../../src/crypto/mod.ts'
import { type Database, runtimeDatabase, type TenantSchema, type tenantDatabase } from '../../../src/store/mod.ts'
import { memoryFolder } from '../folder.ts'
import { frozenClock } from '../frozen-clock.ts'

export type TrailTables = Database<Pick<TenantSchema, 'auditTrail' | 'auditHead'>>
type Opened = { trail: Trail; db: TrailTables; clock: ReturnType<typeof frozenClock> } & Disposable

export const signer: SigningKey = await loadSigningKey(await generateStoredKeyPair('sign'))

/** A trail with so many lines in a database of its own, in a frozen clock's time. */
export async function openedTrail(
  lines = 0,
  openDatabase: typeof runtimeDatabase | typeof tenantDatabase = runtimeDatabase,
): Promise<Opened> {
  const folder = memoryFolder()
  const db = await openDatabase(folder.file('some.db'), systemRandom(32))
  const clock = frozenClock()
  const trail = await openTrail({ db, signer, clock, random: systemRandom })
  for (let n = 1; n <= lines; n++) await trail.record(act(n))
  const close = (): void => {
    db.close()
    folder[Symbol.dispose]()
  }
  return { trail, db, clock, [Symbol.dispose]: close }
}

export function act(n: number): Parameters<Trail['record']>[0] {
  return { actor: 'user:owner', action: 'credential.set', subject: `cred_${n}`, detail: { fields: n, replaced: false } }
}
