/** Fills a small disk through a journal, makes room, goes on, opens again; prints what was seen as JSON. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, utf8 } from '../../src/base/mod.ts'
import { openJournal } from '../../src/store/mod.ts'

const [folder = ''] = process.argv.slice(2)
const ballast = join(folder, 'ballast')
writeFileSync(ballast, new Uint8Array(400_000))
const options = { folder: join(folder, 'journal'), key: new Uint8Array(32).fill(7), segmentBytesMax: 200_000 }
const journal = await openJournal(options)
const acknowledged: string[] = []
let refused = ''
for (let n = 1; refused === ''; n++) {
  const entry = `${n}:${'y'.repeat(30_000)}`
  await journal.append([utf8(entry)]).then(
    () => acknowledged.push(entry),
    (error: unknown) => {
      refused = codeOf(error)
    },
  )
}
const nextWhenFull = journal.nextPosition
const refusedAgain = await journal.append([utf8('z'.repeat(200_000))]).then(() => '', codeOf)
rmSync(ballast)
const after = await journal.append([utf8('after')])
await journal.close()
const again = await openJournal(options)
const read = await again.read(1, { countMax: 1_000, bytesMax: 10_000_000 })
const texts = read.map(({ entry }) => Buffer.from(entry).toString())
console.log(
  JSON.stringify({
    refused,
    refusedAgain,
    acknowledged: acknowledged.length > 3,
    nextWhenFull: nextWhenFull === acknowledged.length + 1,
    after: after.first === nextWhenFull,
    kept: JSON.stringify(texts) === JSON.stringify([...acknowledged, 'after']),
    tornBytes: again.tornBytes,
  }),
)
