import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { journalFiles } from '../../src/backup/contents.ts'
import { BackupDigest, makerOf, markOf } from '../../src/backup/maker.ts'
import { type BackupOpener, describeBackup, makeBackup, restoreBackup, verifyBackup } from '../../src/backup/mod.ts'
import { type Bytes, base64url, systemRandom, utf8 } from '../../src/base/mod.ts'
import { rotateDatabaseKey } from '../../src/keys/mod.ts'
import { backupOf, clock, DEPLOYMENT, fill, inChunks, newMaster, openData, textsOf } from '../support/backup/data.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { limited } from '../support/limited.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

// Copies are made by processes of their own, on a machine that others use as well.
setDefaultTimeout(60_000)

const PASSPHRASE = 'a long and lonely winter coat'
const passphrase = { kind: 'passphrase' as const, passphrase: PASSPHRASE }
const key = { kind: 'key' as const, key: systemRandom(32) }

async function restored(
  folder: TemporaryFolder,
  bytes: Bytes,
  opener: BackupOpener,
  name = 'restored',
  maker?: string,
) {
  const master = await newMaster()
  const path = folder.file(name)
  const deps = { source: inChunks(bytes), opener, maker, folder: path, clock, random: systemRandom }
  const report = await restoreBackup({ ...deps, master: async () => master })
  return { report, path, master }
}

describe('a backup', () => {
  test('becomes a data folder again with all that was kept, under another master key', async () => {
    using folder = temporaryFolder()
    const old = await newMaster()
    let bytes: Bytes
    {
      await using data = await openData(folder.file('data'), old)
      await fill(data)
      bytes = await backupOf(data, key)
    }
    const { report, path, master } = await restored(folder, bytes, key)
    expect(report).toMatchObject({ role: 'runtime', name: 'factory-01', damage: [] })
    expect(await refusalOf(() => openData(path, old))).toBe('master_key.wrong')
    await using again = await openData(path, master)
    const [row] = await again.db.select().from(again.db.tables.runtimeSettings)
    expect(row?.value).toBe('"marker-of-the-canary"')
    expect(await textsOf(again.logs)).toEqual([[1, 'a log line']])
    expect((await textsOf(again.owed)).map(([position]) => position)).toEqual(
      Array.from({ length: 40 }, (_, n) => n + 1),
    )
    expect(await textsOf(again.letters)).toEqual([[1, 'a refused record']])
    const letters = join(path, 'deployments', DEPLOYMENT, 'dead-letters')
    expect(readFileSync(join(letters, 'state.json'), 'utf8')).toBe('{"dropped":0}')
    expect(readFileSync(join(path, 'objects/aa/one'), 'utf8')).toBe('sealed object')
    expect(again.keyring.acts()).toEqual([
      { action: 'data_folder.restored', atMs: clock.now(), detail: { madeAt: report.madeAt } },
    ])
  })

  slowTest(
    'leaves out the owner’s files, the master key, and what belongs to this host; files are the owner’s alone',
    async () => {
      using folder = temporaryFolder()
      await using data = await openData(folder.file('data'), await newMaster())
      await fill(data)
      const { path } = await restored(folder, await backupOf(data, key), key)
      expect(readdirSync(path).sort()).toEqual(['deployments', 'journals', 'keyring.json', 'objects', 'runtime.db'])
      expect(readdirSync(join(path, 'deployments', DEPLOYMENT))).toEqual(['dead-letters'])
      for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
        const { mode } = statSync(join(path, name))
        expect(mode & 0o077).toBe(0)
      }
    },
  )

  slowTest('never gives a position twice that others may have been told of since', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const bytes = await backupOf(data, key)
    const told = await data.owed.append([utf8('told after the backup')])
    const { path, master } = await restored(folder, bytes, key)
    await using again = await openData(path, master)
    const next = await again.owed.append([utf8('another thing')])
    expect(next.first).toBeGreaterThan(told.last + 1_000_000_000)
    expect(again.owed.skippedFrom(1)).toBe(0x8000_0000)
    // One that nobody counts by goes on where it was.
    expect((await again.logs.append([utf8('more')])).first).toBe(2)
  })

  slowTest('is opened by recovery key, passphrase or key file, each by its own and by no other', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const recoveryKey = (await data.keyring.takeRecoveryKey()) ?? ''
    const openers: BackupOpener[] = [{ kind: 'recovery', recoveryKey }, passphrase, key]
    const strangers: BackupOpener[] = [
      { kind: 'passphrase', passphrase: `${PASSPHRASE}s` },
      { kind: 'key', key: systemRandom(32) },
    ]
    for (const opener of openers) {
      const { kind } = opener
      const sealing =
        opener.kind === 'recovery' ? { kind: opener.kind, publicKey: data.keyring.recoveryPublicKey() } : opener
      const bytes = await backupOf(data, sealing)
      expect(await describeBackup(inChunks(bytes))).toMatchObject({ role: 'runtime', openedBy: kind, version: '1.0' })
      expect(await verifyBackup(inChunks(bytes), { opener })).toMatchObject({ name: 'factory-01', role: 'runtime' })
      for (const other of [...openers.filter((one) => one.kind !== kind), ...strangers]) {
        expect(await refusalOf(() => verifyBackup(inChunks(bytes), { opener: other }))).toBe('backup.key_wrong')
      }
      await restored(folder, bytes, opener, kind)
    }
    const renewed = await data.keyring.renewRecoveryKey()
    const later = await backupOf(data, { kind: 'recovery', publicKey: data.keyring.recoveryPublicKey() })
    const old = { kind: 'recovery' as const, recoveryKey }
    expect(await refusalOf(() => verifyBackup(inChunks(later), { opener: old }))).toBe('backup.key_wrong')
    await verifyBackup(inChunks(later), { opener: { kind: 'recovery', recoveryKey: renewed } })
  })

  slowTest('is taken after a key was rotated, with the database at its new place', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const [place] = data.backupDeps.databases
    if (place) await rotateDatabaseKey(data.keyring, { ...place, database: data.db }, data.backupDeps.copyDatabase)
    const { path, master } = await restored(folder, await backupOf(data, key), key)
    await using again = await openData(path, master)
    expect(await again.db.select().from(again.db.tables.runtimeSettings)).toHaveLength(1)
    expect(readdirSync(path)).toContain('runtime.2.db')
  })

  slowTest('shows nothing of what it holds, names of files included', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const text = Buffer.from(await backupOf(data, passphrase)).toString('latin1')
    for (const word of ['canary', 'factory-01', 'owed', DEPLOYMENT, 'keyring.json', PASSPHRASE]) {
      expect(text).not.toContain(word)
    }
  })

  slowTest('leaves no copies behind, whether it was read to its end, left early, or failed', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const before = readdirSync(data.folder).sort()
    await backupOf(data, key)
    for await (const _part of makeBackup(data.backupDeps, key)) break
    let parts = 0
    for await (const _part of makeBackup(data.backupDeps, key)) if (++parts === 2) break
    const failing = { ...data.backupDeps, copyDatabase: () => Promise.reject(new RangeError('a fault')) }
    expect(await refusalOf(() => backupOf({ backupDeps: failing }, key))).toBe('internal.unexpected')
    expect(readdirSync(data.folder).sort()).toEqual(before)
  })

  slowTest('is refused where a file that is there cannot be opened, rather than made without it', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.file('journals/logs'), { recursive: true })
    writeFileSync(folder.file('journals/logs/1.journal'), 'x')
    writeFileSync(folder.file('state.json'), '{}')
    const listed = limited('-n 64', './backup/list-entry.ts', folder.path)
    expect(listed).toBe('state.json journals/logs/1.journal backup.interrupted')
  })

  test('is refused where a journal changes faster than it is read', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.file('journals/logs'), { recursive: true })
    let made = 0
    const turn = (): void => {
      rmSync(folder.file(`journals/logs/${made}b.journal`), { force: true })
      made++
      for (const part of ['a', 'b']) writeFileSync(folder.file(`journals/logs/${made}${part}.journal`), 'x')
    }
    turn()
    const all = async (): Promise<void> => {
      for await (const _ of journalFiles({ folder: folder.path, leftOut: [] })) turn()
    }
    expect(await refusalOf(all)).toBe('backup.interrupted')
  })

  slowTest('needs a passphrase of some length', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    const sealing = (length: number) => ({ kind: 'passphrase' as const, passphrase: 'x'.repeat(length) })
    expect(await refusalOf(() => backupOf(data, sealing(11)))).toBe('backup.passphrase_unfit')
    expect(await refusalOf(() => backupOf(data, sealing(1_025)))).toBe('backup.passphrase_unfit')
    expect(await refusalOf(() => backupOf(data, sealing(12)))).toBe('nothing')
  })
})

describe('who made a backup', () => {
  slowTest(
    'is proven by the id of its key: one that was forged with the recovery public key alone is refused, and leaves nothing',
    async () => {
      using folder = temporaryFolder()
      await using victim = await openData(folder.file('victim'), await newMaster())
      const recoveryKey = await victim.keyring.renewRecoveryKey()
      const opener = { kind: 'recovery' as const, recoveryKey }
      const sealing = { kind: 'recovery' as const, publicKey: victim.keyring.recoveryPublicKey() }
      const { kid } = await victim.keyring.signingKey('runtime')
      const own = await backupOf(victim, sealing)
      expect(await verifyBackup(inChunks(own), { opener, maker: kid })).toMatchObject({ maker: kid })

      await using forger = await openData(folder.file('forger'), await newMaster())
      const forged = await backupOf(forger, sealing)
      // What it says of itself is as the owner's own; only its key is not.
      const { maker, ...about } = await verifyBackup(inChunks(forged), { opener })
      expect(about).toMatchObject({ name: 'factory-01', role: 'runtime' })
      expect(maker).not.toBe(kid)
      expect(await refusalOf(() => verifyBackup(inChunks(forged), { opener, maker: kid }))).toBe('backup.maker_other')
      expect(await refusalOf(() => restored(folder, forged, opener, 'fooled', kid))).toBe('backup.maker_other')
      expect(readdirSync(folder.file('fooled'))).toEqual([])
      const { report } = await restored(folder, own, opener, 'proven', kid)
      expect(report.maker).toBe(kid)
    },
  )

  slowTest(
    'cannot be claimed: not by a key that is not had, and not for another content or another opener',
    async () => {
      using folder = temporaryFolder()
      await using victim = await openData(folder.file('victim'), await newMaster())
      await using forger = await openData(folder.file('forger'), await newMaster())
      const signer = await victim.keyring.signingKey('runtime')
      const forgers = await forger.keyring.signingKey('runtime')
      const claiming = { ...forgers, publicKey: signer.publicKey }
      const claimed = await backupOf({ backupDeps: { ...forger.backupDeps, signer: claiming } }, key)
      expect(await refusalOf(() => verifyBackup(inChunks(claimed), { opener: key }))).toBe('backup.damaged')
      const mark = await markOf(signer, new BackupDigest(new Uint8Array(32)))
      expect(await refusalOf(() => makerOf(mark, new BackupDigest(new Uint8Array(32).fill(1))))).toBe('backup.damaged')
      const other = new BackupDigest(new Uint8Array(32))
      other.over({ path: 'runtime.db', bytes: 0, content: inChunks(new Uint8Array()) })
      expect(await refusalOf(() => makerOf(mark, other))).toBe('backup.damaged')
      for (const none of [
        undefined,
        '',
        '{}',
        '{"publicKey":"","signature":""}',
        '{"publicKey":"?","signature":"?"}',
      ]) {
        const digest = new BackupDigest(new Uint8Array(32))
        expect(await refusalOf(() => makerOf(none, digest))).toBe('backup.damaged')
      }
    },
  )
})

describe('a backup that was harmed', () => {
  test('is refused wherever it was cut or changed, and leaves the folder as it was', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const bytes = await backupOf(data, key)
    const codes = ['backup.malformed', 'backup.damaged', 'backup.key_wrong', 'backup.version_unknown']
    const harmed: Bytes[] = []
    for (const share of [0, 0.01, 0.3, 0.7, 0.99]) harmed.push(bytes.slice(0, Math.floor(bytes.byteLength * share)))
    harmed.push(bytes.slice(0, -1))
    for (const at of [0, 8, 9, 20, 150, 400, 5_000, 100_000, bytes.byteLength - 3]) {
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] ?? 0) ^ 1
      harmed.push(flipped)
    }
    for (const wrong of harmed) {
      expect(codes).toContain(await refusalOf(() => verifyBackup(inChunks(wrong), { opener: key })))
      expect(codes).toContain(await refusalOf(() => restored(folder, wrong, key)))
      expect(readdirSync(folder.file('restored'))).toEqual([])
    }
  })

  test('is refused into a folder that has something in it, or while another is restored there', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    const bytes = await backupOf(data, key)
    mkdirSync(folder.file('full'))
    writeFileSync(folder.file('full/mine'), 'mine')
    expect(await refusalOf(() => restored(folder, bytes, key, 'full'))).toBe('backup.folder_not_empty')
    expect(readdirSync(folder.file('full'))).toEqual(['mine'])
    const both = await Promise.all([1, 2].map(() => refusalOf(() => restored(folder, bytes, key, 'twice'))))
    expect(both.sort()).toEqual([expect.stringMatching(/^(backup.folder_not_empty|host.path_unfit)$/), 'nothing'])
  })

  slowTest('is not restored where a file could only be written in part', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    writeFileSync(join(data.folder, 'objects/aa/one'), new Uint8Array(4_194_304 + 40_000))
    writeFileSync(folder.file('backup'), await backupOf(data, key))
    const words = [folder.file('backup'), folder.file('restored'), base64url(key.key)]
    // 4 MiB and 20 KiB for a file: the last piece of this one is cut in the middle.
    expect(limited('-f 4116', './backup/restore-entry.ts', ...words)).toBe('host.file_failed')
    expect(existsSync(folder.file('restored/objects'))).toBe(false)
  })

  slowTest('whose database is damaged is whole but not restored, and makes no master key', async () => {
    using folder = temporaryFolder()
    await using data = await openData(folder.file('data'), await newMaster())
    await fill(data)
    const harming: typeof data.backupDeps.copyDatabase = async (copy) => {
      const size = await data.backupDeps.copyDatabase(copy)
      const file = readFileSync(copy.to)
      file.fill(0x55, 4_096 * 2, 4_096 * 30)
      writeFileSync(copy.to, file)
      return size
    }
    const bytes = await backupOf({ backupDeps: { ...data.backupDeps, copyDatabase: harming } }, key)
    let asked = false
    const refused = await refusalOf(() =>
      restoreBackup({
        ...{ source: inChunks(bytes), opener: key, folder: folder.file('restored'), clock, random: systemRandom },
        master: () => {
          asked = true
          return newMaster()
        },
      }),
    )
    expect([refused, asked]).toEqual(['backup.unsound', false])
    expect(existsSync(folder.file('restored/.restoring'))).toBe(false)
  })
})

describe('a backup while all goes on', () => {
  slowTest(
    'has every row and entry that was there when it began, whole ones only, in a state that a crash could have left',
    async () => {
      using folder = temporaryFolder()
      await using data = await openData(folder.file('data'), await newMaster())
      const { db, owed } = data
      let busy = true
      let done = 0
      const writing = (async () => {
        for (; busy; done++) {
          // As a flow does: first what is owed for it, then how far it has come.
          await owed.append([utf8(`step ${done} ${'x'.repeat(200)}`)])
          await db.insert(db.tables.runtimeSettings).values({ key: `step-${done}`, value: '1', changedAtMs: 1 })
          if (done % 50 === 49) await owed.trim(done - 20)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      while (done < 100) await new Promise((resolve) => setImmediate(resolve))
      const before = done
      const bytes = await backupOf(data, key)
      busy = false
      await writing
      const { path, master, report } = await restored(folder, bytes, key)
      expect(report.damage).toEqual([])
      await using again = await openData(path, master)
      const rows = (await again.db.select().from(again.db.tables.runtimeSettings)).length
      const last = (await textsOf(again.owed)).at(-1)?.[0] ?? 0
      expect(rows).toBeGreaterThanOrEqual(before)
      expect(last).toBeGreaterThanOrEqual(rows)
    },
  )
})
