/** A Runtime's stores in a temporary folder: the real database, encrypted, with keys of the test's own. */
import type { Clock } from '../../../src/base/mod.ts'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { Approvals } from '../../../src/runtime/state/approvals.ts'
import { Assignments } from '../../../src/runtime/state/assignments.ts'
import { CodeFiles } from '../../../src/runtime/state/code-files.ts'
import { Refusals } from '../../../src/runtime/state/refusals.ts'
import { rowMac } from '../../../src/runtime/state/row-mac.ts'
import { Settings } from '../../../src/runtime/state/settings.ts'
import { runtimeDatabase } from '../../../src/store/mod.ts'

export const STORE_KEY = () => new Uint8Array(32).fill(11)

export async function testStores(folder: string, clock: Clock) {
  const db = await runtimeDatabase(`${folder}/runtime.db`, STORE_KEY())
  const mac = rowMac(new Uint8Array(32).fill(12))
  const key = await importWrappingKey(new Uint8Array(32).fill(13))
  return {
    ...{ db, mac, key },
    assignments: new Assignments({ db, key, clock }),
    approvals: new Approvals({ db, mac, clock }),
    refusals: new Refusals({ settings: new Settings({ db, clock }), clock }),
    code: new CodeFiles(db),
  }
}
