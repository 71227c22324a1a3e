/** Fills a small disk through a database, makes room, goes on, opens again; prints what was seen as JSON. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../src/base/mod.ts'
import { credentials, runtimeDatabase } from '../../src/store/mod.ts'

const [folder = ''] = process.argv.slice(2)
const ballast = join(folder, 'ballast')
writeFileSync(ballast, new Uint8Array(300_000))
const path = join(folder, 'runtime.db')
const key = new Uint8Array(32).fill(7)
const db = await runtimeDatabase(path, key)
const acknowledged: string[] = []
let refused = ''
const row = { fields: ['a'], sealed: new Uint8Array(30_000).fill(1), createdAtMs: 1, replacedAtMs: null }
for (let n = 1; refused === ''; n++) {
  // Two rows a transaction: one without the other would be half of it.
  const rows = [`a${n}`, `b${n}`].map((id) => ({ ...row, id, name: id }))
  await db
    .transaction((tx) => tx.insert(credentials).values(rows))
    .then(
      () => acknowledged.push(`a${n}`, `b${n}`),
      (error: unknown) => {
        refused = codeOf(error)
      },
    )
}
rmSync(ballast)
await db.insert(credentials).values({ ...row, id: 'after', name: 'after' })
db.close()
const again = await runtimeDatabase(path, key)
const ids = (await again.select({ id: credentials.id }).from(credentials)).map(({ id }) => id)
console.log(
  JSON.stringify({
    refused,
    some: acknowledged.length > 3,
    kept: JSON.stringify(ids.sort()) === JSON.stringify([...acknowledged, 'after'].sort()),
  }),
)
