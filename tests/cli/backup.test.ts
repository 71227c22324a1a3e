import { expect } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { backupOf, newMaster, openData } from '../support/backup/data.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'

const PASSPHRASE = 'a long and lonely winter coat'
const ANOTHER = 'A'.repeat(43)

slowTest(
  'backup verify and restore name the key that signed a backup, say that it proves no maker, and hold it to --key',
  async () => {
    using folder = temporaryFolder()
    const file = folder.file('one.backup')
    const passphrase = folder.file('passphrase')
    writeFileSync(passphrase, `${PASSPHRASE}\n`)
    await using data = await openData(folder.file('data'), await newMaster())
    const { kid } = await data.keyring.signingKey('runtime')
    writeFileSync(file, await backupOf(data, { kind: 'passphrase', passphrase: PASSPHRASE }))
    const opener = ['--passphrase-file', passphrase]

    const unproven = await sluice(['backup', 'verify', file, ...opener])
    expect(unproven).toMatchObject({ exit: 0, err: '' })
    expect(unproven.out).toContain(`Signed by the key ${kid}; maker unproven`)
    const proven = await sluice(['backup', 'verify', file, ...opener, '--key', kid, '--json'])
    expect(JSON.parse(proven.out)).toMatchObject({ maker: kid, makerProven: true })
    for (const words of [
      ['backup', 'verify', file],
      ['restore', file, '--data', folder.file('refused')],
    ]) {
      const refused = await sluice([...words, ...opener, '--key', ANOTHER])
      expect(refused.exit).not.toBe(0)
      expect(refused.err).toContain('backup.maker_other')
    }
    expect(existsSync(folder.file('refused/keyring.json'))).toBe(false)
    expect(existsSync(folder.file('refused/master.key'))).toBe(false)
    const restored = await sluice(['restore', file, '--data', folder.file('again'), ...opener, '--key', kid])
    expect(restored).toMatchObject({ exit: 0, err: '' })
    expect(restored.out).toContain(`Signed by the key ${kid}, as demanded.`)
    // What opens it is asked for by name, a key of the maker opens nothing.
    const closed = await sluice(['backup', 'verify', file, '--key', kid])
    expect(closed.err).toContain('give --passphrase-file')
  },
  60_000,
)
