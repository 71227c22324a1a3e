import { expect } from 'bun:test'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { openKeptDatabase } from '../../../src/keys/mod.ts'
import { copierBy, dataDatabase } from '../../../src/store/mod.ts'
import type { Query } from '../../../src/wire/mod.ts'
import { csv, DataHost, dataWorkerEntry, ended } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

const copyDatabase = copierBy({ entry: dataWorkerEntry })
const ready = (data: Awaited<ReturnType<DataHost['tenant']>>['data'], dataset: Parameters<typeof data.search>[0]) =>
  until('all records are searched', async () => ((await data.search(dataset)).state === 'ready' ? true : undefined))

slowTest(
  'what is uploaded is searched by and by, also when processes are killed in between, and each record once',
  async () => {
    let kills = 0
    const around = (made: DataProcess): DataProcess => ({
      ...made,
      ask(what, body) {
        const asked = made.ask(what, body)
        if (what === 'build-indexes' && kills-- > 0) setTimeout(() => made.kill(), 15 * kills)
        return asked
      },
    })
    await using host = await DataHost.open({ around })
    const { data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'reviews', shape: 'reviews' })
    // From here on: a dataset that is being made is not asked for again.
    kills = 3
    const rows = (from: number, word: string) =>
      `id,title\n${Array.from({ length: 20_000 }, (_, n) => `r${from + n},${word} n${n}`).join('\n')}\n`
    for (const [from, word] of [
      [0, 'first'],
      [10_000, 'second'],
      [0, 'third'],
    ] as const)
      await ended(data, id, (await data.take(id, csv(rows(from, word)))).import)
    await ready(data, id)
    expect(kills).toBeLessThan(1)
    const counted = async (search: string) => {
      let count = 0
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const page = await data.query(
          id,
          { search, limit: 1_000, fields: ['id'], ...(after !== undefined && { after }) },
          'restricted',
        )
        count += page.rows.length
        after = page.next
      }
      return count
    }
    // Nothing is asked of the process that writes when this one is gone but by who looks.
    await data.createIndex(id, { fields: ['title'] })
    kills = 1
    await ended(data, id, (await data.take(id, csv('id,title\nlast,fourth\n'))).import)
    await ready(data, id)
    expect(kills).toBeLessThan(1)
    expect(await counted('fourth')).toBe(1)
    await until('the index is built', async () => ((await data.indexes(id))[0]?.state === 'ready' ? true : undefined))
    expect([await counted('first'), await counted('second'), await counted('third')]).toEqual([0, 10_000, 20_000])
    expect(await counted('n19999')).toBe(2)
  },
  60_000,
)

slowTest(
  'erase() leaves no word of what went, nor of what had given way to it before, and what stays is searched',
  async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'issues', shape: 'issues' })
    const send = async (text: string) =>
      ended(data, id, (await data.take(id, csv(`key,reporter,summary\n${text}`))).import)
    await send('A-1,mary,zqmaryone\nA-2,bob,stays here\n')
    await ready(data, id)
    await send('A-1,mary,zqmarytwo\n')
    await ready(data, id)
    const words = async () => {
      await host.close()
      await host.reopen()
      const place = { folder: host.folder.file('data'), name: tenant, id: tenant }
      const db = await openKeptDatabase(host.keyring, place, (path, key) => dataDatabase(path, key, 'reader'))
      const tables = db.all("SELECT name FROM sqlite_schema WHERE name LIKE 'search\\_%\\_data' ESCAPE '\\'").flat()
      const blocks = tables.flatMap((name) => db.all(`SELECT block FROM "${name}"`).flat())
      db.close()
      return blocks.map((block) => Buffer.from(block as Uint8Array).toString('latin1')).join('\n')
    }
    const before = await words()
    for (const word of ['zqmaryone', 'stays']) expect(before).toContain(word)
    const again = host.desk.of(tenant)
    const where = [{ field: 'reporter', is: 'eq' as const, value: 'mary' }]
    expect(await again.erase(id, { where, dryRun: true })).not.toHaveProperty('search')
    expect(await again.erase(id, { where, dryRun: false })).toMatchObject({ records: 1, search: 'renewed' })
    await ready(again, id)
    expect((await again.query(id, { search: 'stay*', fields: ['key'], limit: 9 }, 'restricted')).rows).toEqual([
      ['A-2'],
    ])
    expect((await again.query(id, { search: 'zqmary*', limit: 9 }, 'restricted')).rows).toEqual([])
    const after = await words()
    expect(after).toContain('stays')
    for (const word of ['zqmary', 'one', 'two']) expect(after).not.toContain(word)
  },
)

slowTest('words and indexes go along when the keys of a tenant are rotated', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const { id } = await data.createDataset({ name: 'reviews', shape: 'reviews' })
  const send = async (text: string) => ended(data, id, (await data.take(id, csv(`id,title,app\n${text}`))).import)
  await send('a,red one,x\nb,blue one,y\n')
  await data.createIndex(id, { fields: ['app'] })
  await ready(data, id)
  await host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
  await send('a,red two,y\nc,red three,y\n')
  await ready(data, id)
  const found = async (query: Partial<Query>) =>
    (await data.query(id, { fields: ['id'], limit: 9, ...query }, 'restricted')).rows.flat()
  expect(await found({ search: 'red' })).toEqual(['c', 'a'])
  expect(await found({ search: 'one' })).toEqual(['b'])
  expect(await found({ where: [{ field: 'app', is: 'eq', value: 'y' }] })).toEqual(['c', 'a', 'b'])
  expect(await data.indexes(id)).toMatchObject([{ state: 'ready' }])
})
