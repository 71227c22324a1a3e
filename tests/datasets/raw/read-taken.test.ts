import { expect, test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { systemRandom, utf8 } from '../../../src/base/mod.ts'
import { objectPath, writeObject } from '../../../src/datasets/raw/objects.ts'
import { readTaken } from '../../../src/datasets/raw/read-taken.ts'
import { inChunks } from '../../support/datasets/data-host.ts'
import { takenHeader } from '../../support/datasets/tenant-database.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'

const id = 'imp_01a20da1-3cb4-71ab-8695-46f457191765'

function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  })
}

test('the file of a document whose format cannot be told is let go of before that is told', async () => {
  using folder = temporaryFolder()
  const key = systemRandom(32)
  await writeObject(folder.path, { id, key }, inChunks(utf8('?\n'.repeat(200_000))))
  const path = objectPath(folder.path, id)
  const header = takenHeader('ds_1', { import: id, contentType: 'application/octet-stream' })
  const opened = readTaken(header, { path, key })
  expect(await refusalOf(() => opened.next())).toBe('document.unexpected')
  expect(isOpen(path)).toBe(false)
  const again = readTaken({ ...header, contentType: 'text/csv' }, { path, key })
  await again.next()
  expect(isOpen(path)).toBe(true)
  await again.close()
  expect(isOpen(path)).toBe(false)
})
