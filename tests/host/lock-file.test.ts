import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processIdentity, takeLockFile } from '../../src/host/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

const HOST = join(import.meta.dir, '../../src/host/mod.ts')

async function taken(path: string): Promise<() => Promise<void>> {
  const outcome = await takeLockFile(path)
  if ('holder' in outcome) throw new Error(`held by ${outcome.holder}`)
  return outcome.release
}

test('takeLockFile() gives a lock to one taker at a time, names its holder to the others, and leaves nothing behind', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.lock')
  const release = await taken(path)
  expect(await takeLockFile(path)).toEqual({ holder: process.pid })
  const script = `const { takeLockFile } = await import(${JSON.stringify(HOST)}); console.log(JSON.stringify(await takeLockFile(${JSON.stringify(path)})))`
  const other = spawnSync(process.execPath, ['-e', script])
  expect(JSON.parse(other.stdout.toString())).toEqual({ holder: process.pid })
  await release()
  await (await taken(path))()
  expect(readdirSync(folder.path)).toEqual([])
})

test('a lock left by a process that is gone, or whose number another has by now, holds nobody up', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.lock')
  const identity = (await processIdentity(process.pid)) ?? ''
  for (const leftover of ['', 'nonsense', `4194300 1 ${identity.split(' ').at(-1)}`, `${process.pid} 1 another-boot`]) {
    writeFileSync(path, leftover)
    // And one that was about to remove it was gone before it had.
    writeFileSync(`${path}.removing`, leftover)
    await (await taken(path))()
  }
  const script = `const { takeLockFile } = await import(${JSON.stringify(HOST)}); await takeLockFile(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL')`
  spawnSync(process.execPath, ['-e', script])
  expect(readdirSync(folder.path)).toEqual(['out.lock'])
  await (await taken(path))()
})

test('of many that find a leftover at once one gets the lock', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.lock')
  for (let round = 0; round < 20; round++) {
    writeFileSync(path, 'nobody')
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => takeLockFile(path)))
    const releases = outcomes.flatMap((outcome) => ('release' in outcome ? [outcome.release] : []))
    expect(releases).toHaveLength(1)
    await releases[0]?.()
  }
  expect(readdirSync(folder.path)).toEqual([])
})

test('takeLockFile() names a folder that is not there', async () => {
  using folder = temporaryFolder()
  expect(await refusalOf(() => takeLockFile(folder.file('none/out.lock')))).toBe('host.file_missing')
})
