import { expect, test } from 'bun:test'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { reachesOwnFiles } from '../../../src/runtime/deployments/own-files.ts'
import { temporaryFolder } from '../../support/folder.ts'

const INSIDE = { data: '/var/lib/sluice/runtime', files: '/var/lib/sluice/runtime/files' }
const BESIDE = { data: '/var/lib/sluice/runtime', files: '/srv/exchange' }

test('a component may reach its files folder, inside the data folder or beside it, and the rest of the machine', () => {
  for (const path of ['in/*.csv', './in/../out.jsonl', '/var/lib/sluice/runtime/files/a.csv', '/data/in/*.csv']) {
    expect([path, reachesOwnFiles(path, INSIDE)]).toEqual([path, false])
  }
  expect(reachesOwnFiles('in/a.csv', BESIDE)).toBe(false)
  expect(reachesOwnFiles('/var/lib/sluice/runtime-2/a.csv', BESIDE)).toBe(false)
})

test('a component may not reach keys, databases or access files, by name or by a way around', () => {
  const paths = [
    '/var/lib/sluice/runtime/master.key',
    '../keyring.json',
    'in/../../access.json',
    '/var/lib/sluice/runtime',
    '..',
  ]
  for (const path of paths) expect([path, reachesOwnFiles(path, INSIDE)]).toEqual([path, true])
  expect(reachesOwnFiles('../../var/lib/sluice/runtime/runtime.db', BESIDE)).toBe(true)
})

test('a glob that starts above the data folder may not run, whatever it would match', () => {
  for (const path of ['/var/lib/**/*.json', '/var/lib/sluice/*/master.key', '/**', '/var/lib/sluice/runt*/x']) {
    expect([path, reachesOwnFiles(path, BESIDE)]).toEqual([path, true])
  }
  expect(reachesOwnFiles('/srv/**/*.csv', BESIDE)).toBe(false)
})

test('what stands before a `..` changes nothing: wildcards, brackets and braces lead no further than the path without them', () => {
  const paths = [
    '*/../../access.json',
    '?/../../access.json',
    '[x]/../../access.json',
    '{a}/../../master.key',
    '[x]/../../keyring-planted.json',
    'in/*/../../../access.json',
    '**/..',
  ]
  for (const path of paths) expect([path, reachesOwnFiles(path, INSIDE)]).toEqual([path, true])
})

test('`..` after a wildcard is refused wherever it leads; brackets and braces are names like any other', () => {
  expect(reachesOwnFiles('in/*/../a.csv', INSIDE)).toBe(true)
  for (const path of ['in/[x]/../a.csv', 'in/{a,b}.csv', '/srv/[x]/../other/*.csv'])
    expect([path, reachesOwnFiles(path, INSIDE)]).toEqual([path, false])
})

test('views of the system are refused: they show the whole disk, and other processes, under other names', () => {
  for (const path of [
    '/proc/self/root/var/lib/sluice/runtime/access.json',
    '/proc/self/environ',
    '/proc/*/environ',
    '/p*/self/environ',
    '../../../../../proc/self/cwd/../access.json',
    '/sys/kernel',
    '/dev/fd/3',
    '/dev/stdin',
  ])
    expect([path, reachesOwnFiles(path, INSIDE)]).toEqual([path, true])
  expect(reachesOwnFiles('/process/a.csv', BESIDE)).toBe(false)
})

test('a files folder above the data folder opens nothing of that', () => {
  const around = { data: '/srv/sluice', files: '/srv' }
  expect(reachesOwnFiles('sluice/access.json', around)).toBe(true)
  expect(reachesOwnFiles('**/*.json', around)).toBe(true)
  expect(reachesOwnFiles('orders/*.csv', around)).toBe(false)
})

test('a link that leads to the data folder is followed, with or without a wildcard behind it', () => {
  using folder = temporaryFolder()
  const [data, files, elsewhere] = ['data', 'data/files', 'elsewhere'].map((name) => join(folder.path, name))
  if (!data || !files || !elsewhere) throw new Error('three folders were named')
  for (const path of [files, elsewhere]) mkdirSync(path, { recursive: true })
  symlinkSync(data, join(elsewhere, 'link'))
  symlinkSync(folder.path, join(files, 'up'))
  symlinkSync('/proc', join(elsewhere, 'views'))
  const folders = { data, files }
  for (const path of ['link/access.json', 'link/*.json', 'link/new.jsonl', 'views/self/environ'])
    expect([path, reachesOwnFiles(join(elsewhere, path), folders)]).toEqual([path, true])
  expect(reachesOwnFiles('up/data/access.json', folders)).toBe(true)
  expect(reachesOwnFiles(join(elsewhere, 'link', 'files', 'a.csv'), folders)).toBe(false)
  expect(reachesOwnFiles(join(realpathSync(data), 'access.json'), { data: join(elsewhere, 'link'), files })).toBe(true)
})
