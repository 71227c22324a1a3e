/** A vault in a database of its own, and a temporary folder for what stands in files. */
import { systemClock, systemRandom } from '../../../src/base/mod.ts'
import { CREDENTIAL_SOURCES, openVault, type SourceAccess, type Vault } from '../../../src/keys/mod.ts'
import { type Database, type RuntimeSchema, runtimeDatabase } from '../../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder, temporaryFolder } from '../folder.ts'
import { type FrozenClock, frozenClock } from '../frozen-clock.ts'

export type OpenVault = {
  vault: Vault
  db: Database<RuntimeSchema>
  clock: FrozenClock
  folder: TemporaryFolder
} & Disposable

export async function temporaryVault(sources?: Partial<SourceAccess>): Promise<OpenVault> {
  const folder = temporaryFolder()
  const own = memoryFolder()
  const db = await runtimeDatabase(own.file('runtime.db'), systemRandom(32))
  const clock = frozenClock()
  const key = systemRandom(32)
  const vault = openVault({
    ...{ db, key, clock, random: systemRandom },
    ...(sources && { sources: sourceAccess(sources) }),
  })
  key.fill(0)
  const close = (): void => {
    db.close()
    own[Symbol.dispose]()
    folder[Symbol.dispose]()
  }
  return { vault, db, clock, folder, [Symbol.dispose]: close }
}

/** Everything is allowed, the environment is empty, and commands have real time. */
export function sourceAccess(changes: Partial<SourceAccess> = {}): SourceAccess {
  return {
    allowed: new Set(CREDENTIAL_SOURCES),
    environment: () => undefined,
    commandEnvironment: { PATH: '/usr/bin:/bin' },
    ownPlaces: [],
    clock: systemClock,
    ...changes,
  }
}

/** A copy of what a vault lends. */
export const seen = (secret: Record<string, string>): Promise<Record<string, string>> => Promise.resolve({ ...secret })
