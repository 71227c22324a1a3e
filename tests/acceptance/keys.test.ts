import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sluiceProcess } from '../support/acceptance/command.ts'
import { type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { describeSlow } from '../support/quick.ts'

describeSlow('keys by the command', () => {
  let world: World
  let runtime: RuntimeServer

  beforeAll(async () => {
    world = new World()
    runtime = await world.startRuntime('keys')
  }, TEST_MS)
  afterAll(() => world[Symbol.asyncDispose](), TEST_MS)

  const at = (...words: string[]) => sluice([...words, '--at', runtime.data])

  test(
    'are listed with their age, and rotated by name',
    async () => {
      const list = await at('key', 'list')
      expect(list).toMatchObject({ exit: 0, err: '' })
      expect(list.out).toContain('Master key from file')
      expect(list.out).toContain('nobody has it: sluice recovery renew')
      for (const name of ['database', 'journals', 'credentials', 'trust']) expect(list.out).toContain(name)
      const before = readFileSync(join(runtime.data, 'master.key'), 'utf8')
      const master = await at('key', 'rotate', 'master', '--yes')
      expect(master).toMatchObject({ exit: 0, err: '' })
      expect(readFileSync(join(runtime.data, 'master.key'), 'utf8')).not.toBe(before)
      expect((await at('key', 'rotate', 'trust')).out).toContain('The rotation of trust has begun')
      expect(await at('key', 'rotate', 'none')).toMatchObject({ exit: 4 })
      await runtime.stop()
      await runtime.startAgain()
      expect((await at('key', 'list')).exit).toBe(0)
    },
    TEST_MS,
  )

  test(
    'are opened by the recovery key when the master key is lost, and not while the server runs',
    async () => {
      const { out } = await at('recovery', 'renew', '--json')
      const file = world.write('recovery-key', `${JSON.parse(out).recoveryKey}\n`)
      const use = ['recovery', 'use', '--data', runtime.data, '--recovery-key-file', file]
      expect((await sluice(use)).err).toStartWith('store.folder_in_use')
      await runtime.stop()
      expect((await sluice(use)).err).toStartWith('recovery_key.not_needed')
      rmSync(join(runtime.data, 'master.key'))
      const wrong = world.write('wrong-key', `${JSON.parse(out).recoveryKey.slice(0, -1)}\n`)
      const refused = await sluice([...use.slice(0, -1), wrong])
      expect(refused.err).toStartWith('recovery_key.malformed')
      expect(refused.err).not.toContain(JSON.parse(out).recoveryKey.slice(4, 13))
      const used = await sluice(use)
      expect(used).toMatchObject({ exit: 0, err: '' })
      expect(statSync(join(runtime.data, 'master.key')).mode & 0o777).toBe(0o600)
      await runtime.startAgain()
      const trail = (await runtime.client.get('/v1/audit?limit=1000')) as { entries: { action: string }[] }
      expect(trail.entries.map(({ action }) => action)).toContain('recovery_key.used')
    },
    TEST_MS,
  )

  test(
    'a backup is refused without a key that anyone has, over a file that is there, and restored into an empty folder only',
    async () => {
      const key = world.write('backup-key', `${'A'.repeat(43)}\n`)
      const out = world.path('one.backup')
      expect((await at('backup')).err).toStartWith('cli.usage: a backup needs --out')
      const short = world.write('short-key', 'AAAA\n')
      expect((await at('backup', '--out', out, '--key-file', short)).err).toStartWith('cli.usage')
      expect((await at('backup', '--out', out, '--key-file', key)).exit).toBe(0)
      expect(statSync(out).mode & 0o777).toBe(0o600)
      expect((await at('backup', '--out', out, '--key-file', key)).err).toStartWith('host.path_unfit')
      expect((await sluice(['backup', 'verify', out])).err).toStartWith(
        'cli.usage: this backup is opened by the key of the key file: give --key-file',
      )
      const other = world.write('other-key', `${'B'.repeat(42)}A\n`)
      expect((await sluice(['backup', 'verify', out, '--key-file', other])).err).toStartWith('backup.key_wrong')
      expect((await sluice(['backup', 'verify', key, '--key-file', key])).err).toStartWith('backup.malformed')
      const full = world.path('full')
      mkdirSync(full)
      writeFileSync(join(full, 'mine'), '')
      const into = (data: string) => sluice(['restore', out, '--data', data, '--key-file', key])
      expect((await into(full)).err).toStartWith('backup.folder_not_empty')
      expect(existsSync(join(full, 'master.key'))).toBe(false)
      const data = world.path('restored')
      const restored = await into(data)
      expect(restored).toMatchObject({ exit: 0, err: '' })
      expect(restored.out).toContain(`Start it with: sluice runtime --data ${data}`)
      expect((await into(data)).err).toStartWith('backup.folder_not_empty')
    },
    TEST_MS,
  )

  test(
    'a second server on the same data folder is refused and leaves the first one’s access file alone',
    async () => {
      const access = readFileSync(join(runtime.data, 'access.json'), 'utf8')
      const second = await sluiceProcess(['runtime', '--data', runtime.data, '--port', '0', '--bridge-port', '0'])
      expect(second.err).toContain('store.folder_in_use')
      expect(second.exit).toBe(5)
      expect(readFileSync(join(runtime.data, 'access.json'), 'utf8')).toBe(access)
      expect((await at('key', 'list')).exit).toBe(0)
    },
    TEST_MS,
  )
})
