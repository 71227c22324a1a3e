import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileFailure } from '../../src/host/errors.ts'
import {
  FileMissing,
  makePrivateFolder,
  openAppend,
  readBytes,
  readText,
  readTextIfThere,
  removeFolder,
  syncFolder,
  writeFileAtomic,
} from '../../src/host/mod.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-host-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('writeFileAtomic() replaces the content, keeps the file private and leaves nothing else behind', async () => {
  const path = join(folder, 'keyring.json')
  await writeFileAtomic(path, 'first')
  await writeFileAtomic(path, text('second'))
  expect(await readText(path)).toBe('second')
  expect(await modeOf(path)).toBe(0o600)
  expect(await readdir(folder)).toEqual(['keyring.json'])
})

test('writeFileAtomic() writes what comes in parts as it comes; when that fails, its failure is thrown and the old file stays', async () => {
  const path = join(folder, 'export.ndjson')
  await writeFileAtomic(path, 'before')
  async function* parts(fails: boolean): AsyncGenerator<Uint8Array> {
    yield text('a')
    if (fails) throw new FileMissing('the other end is gone')
    yield text('bc')
  }
  await expect(writeFileAtomic(path, parts(true))).rejects.toThrow('the other end is gone')
  expect(await readText(path)).toBe('before')
  await writeFileAtomic(path, parts(false))
  expect(await readText(path)).toBe('abc')
  expect(await readdir(folder)).toEqual(['export.ndjson'])
})

test('writeFileAtomic() gives the mode asked for, whatever the umask is', async () => {
  const path = join(folder, 'open.txt')
  const umask = process.umask(0o077)
  try {
    await writeFileAtomic(path, 'x', 0o644)
  } finally {
    process.umask(umask)
  }
  expect(await modeOf(path)).toBe(0o644)
})

test('writeFileAtomic() that fails at its last step leaves the old file and no temporary one', async () => {
  const path = join(folder, 'taken')
  await makePrivateFolder(join(path, 'inside'))
  await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({ code: 'host.path_unfit', kind: 'invalid' })
  await writeFileAtomic(join(folder, 'other'), 'x')
  expect((await readdir(folder)).sort()).toEqual(['other', 'taken'])
})

test('reading names what is wrong: a missing file, a folder in its place, bytes that are not UTF-8', async () => {
  await expect(readBytes(join(folder, 'none'))).rejects.toMatchObject({ code: 'host.file_missing', kind: 'not_found' })
  await expect(readBytes(folder)).rejects.toMatchObject({ code: 'host.path_unfit', kind: 'invalid' })
  await writeFile(join(folder, 'latin1'), new Uint8Array([0xe9]))
  await expect(readText(join(folder, 'latin1'))).rejects.toMatchObject({ code: 'encoding.invalid' })
})

test('readTextIfThere() gives undefined for a missing file only', async () => {
  expect(await readTextIfThere(join(folder, 'none'))).toBeUndefined()
  await writeFile(join(folder, 'there'), 'yes')
  expect(await readTextIfThere(join(folder, 'there'))).toBe('yes')
  await expect(readTextIfThere(folder)).rejects.toMatchObject({ code: 'host.path_unfit', kind: 'invalid' })
})

test('a file where a folder is needed, and below one, is host.path_unfit, whatever is done', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const unfit = { code: 'host.path_unfit', kind: 'invalid' }
  await expect(makePrivateFolder(file)).rejects.toMatchObject(unfit)
  await expect(makePrivateFolder(join(file, 'below'))).rejects.toMatchObject(unfit)
  await expect(readBytes(join(file, 'below'))).rejects.toMatchObject(unfit)
})

test('what this user may not do is host.file_forbidden, a full quota host.disk_full', () => {
  for (const code of ['EACCES', 'EPERM', 'EROFS']) {
    const failure = fileFailure('read', '/etc/shadow', Object.assign(new Error('refused'), { code }))
    expect(failure).toMatchObject({ code: 'host.file_forbidden', kind: 'forbidden' })
  }
  const full = fileFailure('write', '/data/x', Object.assign(new Error('full'), { code: 'EDQUOT' }))
  expect(full).toMatchObject({ code: 'host.disk_full', advice: expect.stringContaining('--data') })
})

test('makePrivateFolder() makes every level and narrows one that was open', async () => {
  const path = join(folder, 'a', 'b')
  await makePrivateFolder(path)
  expect(await modeOf(path)).toBe(0o700)
  await chmod(path, 0o755)
  await makePrivateFolder(path)
  expect(await modeOf(path)).toBe(0o700)
})

test('removeFolder() removes all that is inside, and is content when there is nothing', async () => {
  const path = join(folder, 'gone')
  await makePrivateFolder(join(path, 'deep'))
  await removeFolder(path)
  await removeFolder(path)
  expect(await readdir(folder)).toEqual([])
})

test('syncFolder() refuses a folder that does not exist', async () => {
  await syncFolder(folder)
  await expect(syncFolder(join(folder, 'none'))).rejects.toBeInstanceOf(FileMissing)
})

test('openAppend() grows the file in the order of the calls, without waiting between them', async () => {
  const path = join(folder, 'journal')
  await using file = await openAppend(path)
  await Promise.all([
    file.append([text('ab'), text('c')]),
    file.append([]),
    file.append([text(''), text('def')]),
    file.sync(),
  ])
  expect(file.size).toBe(6)
  expect(await readText(path)).toBe('abcdef')
  expect(await modeOf(path)).toBe(0o600)
})

test('openAppend() goes on behind what is there, and at the cut after truncate()', async () => {
  const path = join(folder, 'journal')
  await writeFile(path, 'before')
  await using file = await openAppend(path)
  expect(file.size).toBe(6)
  await file.append([text('+after')])
  await file.truncate(7)
  await file.append([text('!')])
  expect(await readText(path)).toBe('before+!')
})

test('an append to a full disk is host.disk_full, and the file goes on to say its size', async () => {
  // Writes to /dev/full fail as on a full disk.
  const path = join(folder, 'full')
  await symlink('/dev/full', path)
  const file = await openAppend(path)
  await expect(file.append([text('x')])).rejects.toMatchObject({ code: 'host.disk_full', kind: 'unavailable' })
  await file.sync().catch(() => undefined)
  expect(file.size).toBe(0)
  await file.close()
})

test('openAppend() makes no folders', async () => {
  await expect(openAppend(join(folder, 'none', 'journal'))).rejects.toMatchObject({ code: 'host.file_missing' })
})
