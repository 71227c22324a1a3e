import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '../../../src/base/mod.ts'
import { PIECES_MAX, removeForgotten } from '../../../src/datasets/partial/partial-uploads.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { DataHost, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text)
}

async function site(host: DataHost) {
  const { id, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  const begin = (length: number) => data.partial.begin(dataset.id, length, { contentType: 'text/csv' })
  const append = (upload: Awaited<ReturnType<typeof begin>>['id'], offset: number, text: string) =>
    data.partial.append(dataset.id, upload, { offset, content: bytes(text) })
  const pieces = (upload: string) => join(host.folder.path, 'data', id, 'partial', upload)
  return { data, dataset, begin, append, pieces }
}

test('an upload that nothing came of for a day is there for nobody any more, and a piece in between keeps it', async () => {
  const clock = new ManualClock()
  await using host = await DataHost.open({ clock })
  const { data, dataset, begin, append, pieces } = await site(host)
  const { id } = await begin(6)
  clock.advance(DAY_MS - 1)
  await append(id, 0, 'n\n')
  // The disk has a clock of its own.
  utimesSync(pieces(id), clock.now() / 1_000, clock.now() / 1_000)
  clock.advance(DAY_MS - 1)
  expect(await data.partial.find(dataset.id, id)).toMatchObject({ offset: 2, bytes: 6 })
  clock.advance(1)
  expect(await refusalOf(() => data.partial.find(dataset.id, id))).toBe('upload.not_found')
  expect(existsSync(pieces(id))).toBe(false)
})

test('an upload of which pieces are lost, as after a restore, is begun anew rather than taken in part', async () => {
  await using host = await DataHost.open()
  const { begin, append, pieces } = await site(host)
  const { id } = await begin(4)
  await append(id, 0, 'n\n')
  rmSync(pieces(id), { recursive: true })
  expect(await refusalOf(() => append(id, 2, '1\n'))).toBe('upload.not_found')
})

slowTest('an upload comes in so many pieces and no more; the last of them may still end it', async () => {
  await using host = await DataHost.open()
  const { data, dataset, begin, append } = await site(host)
  const text = `n\n${'1'.repeat(PIECES_MAX - 2)}`
  const [whole, broken] = [await begin(text.length), await begin(text.length + 1)]
  for (const [offset, one] of [...text].entries()) {
    await append(broken.id, offset, one)
    if (offset < text.length - 1) await append(whole.id, offset, one)
  }
  expect(await refusalOf(() => append(broken.id, text.length, '1'))).toBe('upload.too_many_pieces')
  const last = await append(whole.id, text.length - 1, '1')
  if (last.import === undefined) throw new Error('the whole was not taken')
  await ended(data, dataset.id, last.import)
  expect(await valuesOf(data, dataset, 'n')).toEqual(['1'.repeat(PIECES_MAX - 2)])
})

test('folders of forgotten uploads are removed, and those that were gone on with are not', async () => {
  using folder = temporaryFolder()
  const nowMs = Date.now()
  for (const [name, ageMs] of [
    ['upl_old', DAY_MS + 3_600_001],
    ['upl_new', DAY_MS],
  ] as const) {
    mkdirSync(folder.file(name))
    writeFileSync(join(folder.file(name), '0'), 'piece')
    const at = (nowMs - ageMs) / 1_000
    utimesSync(folder.file(name), at, at)
  }
  await removeForgotten(folder.path, nowMs)
  expect([existsSync(folder.file('upl_old')), existsSync(folder.file('upl_new'))]).toEqual([false, true])
})
