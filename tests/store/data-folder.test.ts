import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { holdDataFolder } from '../../src/store/mod.ts'
import { memoryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

describe('a data folder', () => {
  test('is made for its owner alone, is one holder’s at a time, and is free again once let go of', async () => {
    using folder = memoryFolder()
    const path = folder.file('data')
    const release = await holdDataFolder(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(await refusalOf(() => holdDataFolder(path))).toBe('store.folder_in_use')
    await release()
    expect(readdirSync(path)).toEqual([])
    await (await holdDataFolder(path))()
  })

  test('into which a restore was not finished is refused, and let go of again', async () => {
    using folder = memoryFolder()
    mkdirSync(folder.file('.restoring'))
    expect(await refusalOf(() => holdDataFolder(folder.path))).toBe('store.restore_unfinished')
    expect(readdirSync(folder.path)).toEqual(['.restoring'])
  })
})
