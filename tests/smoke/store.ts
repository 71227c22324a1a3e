/** What src/store promises alike on every host. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import { removeFolder } from '../../src/host/mod.ts'
import { openJournal, registryDatabase, runtimeDatabase, tenantDatabase } from '../../src/store/mod.ts'
import { smoke } from './harness.ts'

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-smoke-'))
  try {
    await work(folder)
  } finally {
    await removeFolder(folder)
  }
}

smoke('a database is encrypted, migrated, and holds what was written when it is opened again', async () => {
  await inFolder(async (folder) => {
    const [path, key] = [join(folder, 'runtime.db'), systemRandom(32)]
    const row = { key: 'colour', value: '"a marker that no file may show"', changedAtMs: 1 }
    const first = await runtimeDatabase(path, key)
    await first.transaction(async (tx) => void (await tx.insert(first.tables.runtimeSettings).values(row)))
    first.close()
    const second = await runtimeDatabase(path, key)
    assert.deepEqual(await second.select().from(second.tables.runtimeSettings), [row])
    second.close()
    const file = await readFile(path)
    assert.ok(file.length > 0 && !file.includes('a marker') && !file.includes('SQLite format'))
  })
})

smoke('a wrong key is refused, and a transaction that throws leaves nothing', async () => {
  await inFolder(async (folder) => {
    const [path, key] = [join(folder, 'runtime.db'), systemRandom(32)]
    const database = await runtimeDatabase(path, key)
    const { runtimeSettings } = database.tables
    const broken = database.transaction(async (tx) => {
      await tx.insert(runtimeSettings).values({ key: 'a', value: '1', changedAtMs: 1 })
      throw new Error('changed my mind')
    })
    await assert.rejects(broken, { message: 'changed my mind' })
    assert.deepEqual(await database.select().from(runtimeSettings), [])
    database.close()
    await assert.rejects(runtimeDatabase(path, systemRandom(32)), { code: 'store.wrong_key' })
  })
})

smoke('the databases of the Platform and of a tenant open too', async () => {
  await inFolder(async (folder) => {
    for (const open of [registryDatabase, tenantDatabase]) {
      const database = await open(join(folder, `${open.name}.db`), systemRandom(32))
      database.close()
    }
  })
})

smoke('a journal gives back what was appended, in order, after it is opened again', async () => {
  await inFolder(async (folder) => {
    const options = { folder: join(folder, 'journal'), key: systemRandom(32) }
    const first = await openJournal(options)
    await Promise.all([first.append([utf8('one'), utf8('two')]), first.append([utf8('three')])])
    await assert.rejects(openJournal(options), { code: 'journal.in_use' })
    await first.close()
    const second = await openJournal(options)
    const entries = await second.read(2, { countMax: 10, bytesMax: 1_000 })
    assert.deepEqual(
      entries.map(({ position, entry }) => [position, Buffer.from(entry).toString()]),
      [
        [2, 'two'],
        [3, 'three'],
      ],
    )
    await second.close()
    await assert.rejects(openJournal({ ...options, key: systemRandom(32) }), { code: 'journal.wrong_key' })
  })
})
