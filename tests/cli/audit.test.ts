import { afterAll, beforeAll, expect, setDefaultTimeout } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import { sluice } from '../support/cli/terminal.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { isQuick, slowTest } from '../support/quick.ts'
import { runningRuntime } from '../support/runtime/running.ts'

setDefaultTimeout(60_000)

let folder: TemporaryFolder
let runtime: RunningRuntime | undefined
const at = () => ['--at', folder.file('data')]

beforeAll(async () => {
  folder = temporaryFolder()
  if (!isQuick) ({ runtime } = await runningRuntime(folder.path))
})
afterAll(async () => {
  await runtime?.close()
  folder[Symbol.dispose]()
})

slowTest('audit export leaves a file that is there as it is, and takes no export then, unless forced', async () => {
  const out = folder.file('trail.ndjson')
  writeFileSync(out, 'the only proof')
  const refused = await sluice(['audit', 'export', '--out', out, ...at()])
  expect(refused).toMatchObject({
    exit: 2,
    err: expect.stringContaining(`${out} is there already. Give another --out`),
  })
  expect(readFileSync(out, 'utf8')).toBe('the only proof')
  expect((await sluice(['audit', 'list', '--action', 'audit.exported', ...at()])).out).toContain('No entry fits.')
  expect((await sluice(['audit', 'export', '--out', out, '--force', ...at()])).exit).toBe(0)
  expect((await sluice(['audit', 'verify', '--file', out])).out).toStartWith('The audit trail is whole: ')
  const another = folder.file('another.ndjson')
  expect((await sluice(['audit', 'export', '--out', another, ...at()])).exit).toBe(0)
  expect((await sluice(['audit', 'verify', '--file', another])).exit).toBe(0)
})

slowTest('audit list --limit counts entries, of which an act has two, as its help says', async () => {
  await sluice(['credential', 'set', 'a', '--from', 'token=environment:A', '--kind', 'token', ...at()])
  const { out } = await sluice(['audit', 'list', '--action', 'credential.*', '--limit', '2', ...at()])
  expect(out.split('\n').filter((line) => line.includes('credential.set'))).toHaveLength(1)
  const { out: help } = await sluice(['audit', 'list', '--help'])
  expect(help.replace(/\s+/g, ' ')).toContain('an act has up to two, told in one line')
})

slowTest('credential set asks whether a kind near to what was typed was meant', async () => {
  const words = ['credential', 'set', 'b', '--kind', 'passwort', '--from', 'password=environment:B', ...at()]
  expect(await sluice(words)).toMatchObject({ exit: 2, err: expect.stringContaining('did you mean password?') })
})
