import { expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveAccess } from '../../src/cli/access.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'

function accessFile(folder: string, url: string, mode = 0o600): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'access.json')
  writeFileSync(path, JSON.stringify({ url, ca: 'CA', token: 'from-the-file' }), { mode })
  chmodSync(path, mode)
  return path
}

test('--at takes a URL, a data folder or an access file; the flag goes before SLUICE_AT, SLUICE_TOKEN before the file', async () => {
  using folder = temporaryFolder()
  const path = accessFile(folder.path, 'https://a.test/t/x/')
  const found = { url: 'https://a.test/t/x', ca: 'CA', token: 'from-the-file', ownAuthority: true }
  expect(await resolveAccess({ at: folder.path }, {}, false)).toEqual(found)
  expect(await resolveAccess({ at: path }, { SLUICE_AT: 'https://b.test' }, false)).toEqual(found)
  expect(await resolveAccess({}, { SLUICE_AT: path, SLUICE_TOKEN: 'mine' }, false)).toEqual({ ...found, token: 'mine' })
  writeFileSync(folder.file('ca.pem'), 'PEM')
  const at = 'https://c.test/'
  expect(await resolveAccess({ at, ca: folder.file('ca.pem') }, {}, false)).toEqual({
    url: 'https://c.test',
    ca: 'PEM',
  })
})

test('without --at the Runtime of this machine is spoken to, else its Platform', async () => {
  using folder = temporaryFolder()
  const environment = { XDG_STATE_HOME: folder.path }
  accessFile(folder.file('sluice/platform'), 'https://platform.test')
  expect((await resolveAccess({}, environment, false)).url).toBe('https://platform.test')
  accessFile(folder.file('sluice/runtime'), 'https://runtime.test')
  expect((await resolveAccess({}, environment, false)).url).toBe('https://runtime.test')
})

test('status refuses an access file that others may read, that is none, or that is not there', async () => {
  using folder = temporaryFolder()
  const open = accessFile(folder.file('open'), 'https://a.test', 0o640)
  const plain = accessFile(folder.file('plain'), 'http://a.test')
  const broken = accessFile(folder.file('broken'), 'https://a.test')
  writeFileSync(broken, 'not JSON')
  const lines: [string, string][] = [
    [open, `${open} can be read by others; set its mode to 0600`],
    [plain, `${plain} is not an access file`],
    [broken, `${broken} is not an access file`],
    [folder.file('none'), `there is no access file ${folder.file('none')}/access.json`],
  ]
  for (const [at, line] of lines) {
    const ran = await sluice(['status', '--at', at])
    expect(ran).toMatchObject({ exit: 3, out: '' })
    expect(ran.err).toStartWith(`cli.access_missing: ${line}. Give --at `)
  }
})

test('plain HTTP, what is no URL, and a CA without a URL are refused as words', async () => {
  const lines: [string[], string][] = [
    [['--at', 'http://a.test'], '--at takes an https URL; Sluice has no plain HTTP'],
    [['--at', 'https://'], '--at: `https://` is not a URL'],
    [['--at', '/somewhere', '--ca', 'ca.pem'], '--ca goes with --at and a URL'],
  ]
  for (const [words, line] of lines) {
    const ran = await sluice(['status', ...words])
    expect(ran).toMatchObject({ exit: 2, out: '' })
    expect(ran.err).toStartWith(`cli.usage: ${line}`)
  }
})

test('on a machine without a server the command says so and what to give it', async () => {
  const ran = await sluice(['status'])
  expect(ran).toMatchObject({ exit: 3, out: '' })
  expect(ran.err).toStartWith('cli.access_missing: no server is known on this machine. Give --at ')
})

test('a server that does not answer is one line and exit code 6', async () => {
  const ran = await sluice(['status', '--at', 'https://127.0.0.1:1'])
  expect(ran).toMatchObject({ exit: 6, out: '' })
  expect(ran.err).toMatch(/^host\.unreachable: .+\n$/)
})

test('a token of the other kind is named as what it is, before anything is asked', async () => {
  const at = ['--at', 'https://127.0.0.1:1']
  const verb = await sluice(['user', 'list', ...at], { SLUICE_TOKEN: 'slu_abc' })
  expect(verb.err).toContain('SLUICE_TOKEN holds an upload token')
  const upload = ['upload', 'x.xml', '--dataset', 'ds_1', ...at]
  const mine = await sluice(upload, { SLUICE_UPLOAD_TOKEN: 'slt_abc' })
  expect(mine.err).toContain('SLUICE_UPLOAD_TOKEN holds no upload token')
  const named = await sluice([...upload, '--token-env', 'OTHER'], { OTHER: 'slt_abc' })
  expect(named.err).toContain('OTHER holds no upload token')
})
