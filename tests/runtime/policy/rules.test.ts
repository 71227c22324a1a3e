import { expect, test } from 'bun:test'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import * as v from 'valibot'
import { examine, touchesOf } from '../../../src/runtime/deployments/examine.ts'
import { pathGate } from '../../../src/runtime/deployments/own-files.ts'
import { leavingLine } from '../../../src/runtime/policy/log-lines.ts'
import {
  CLOSED_POLICY,
  DEFAULT_POLICY,
  POLICY_LIST_MAX,
  POLICY_RULES,
  Policy,
  policySummary,
} from '../../../src/runtime/policy/policy.ts'
import { forbidden } from '../../../src/runtime/policy/rules.ts'
import type { Assignment, AuditLog } from '../../../src/wire/mod.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { DEPLOYMENT, STRANGER } from '../../support/wire/parties.ts'
import { assignment as bridged } from '../../support/wire/samples.ts'

const folders = { data: '/var/lib/sluice/runtime', files: '/srv/files' }
const why = (changes: Partial<Policy>, assignment: Assignment = plainAssignment(), where = folders): string[] =>
  forbidden(assignment, v.parse(Policy, { ...DEFAULT_POLICY, ...changes }), {
    touchesOf: (component) => touchesOf(component, testTypes),
    folders: where,
  }).map(({ code, item }) => `${code} ${item}`)
const reading = (path: string): Assignment => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  return plainAssignment({ components: [{ ...orders, config: { paths: [path] } }, warehouse] })
}
const writing = (config: object): Assignment => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  return plainAssignment({ components: [orders, { ...warehouse, config: { ...warehouse.config, ...config } }] })
}

test('the default rules forbid nothing, and the closed ones everything', () => {
  expect(why({})).toEqual([])
  expect(why(CLOSED_POLICY)).toEqual([
    'policy.type_forbidden csv_file',
    'policy.root_forbidden /data/in/*.csv',
    'policy.type_forbidden table',
    'policy.host_forbidden db.example:5432',
    'policy.table_forbidden warehouse/orders',
  ])
})

test('a type that is not listed is forbidden', () => {
  expect(why({ componentTypes: ['csv_file'] })).toEqual(['policy.type_forbidden table'])
})

test.each<[string, string, boolean]>([
  ['db.example', 'db.example:5432', true],
  ['db.example', 'DB.Example.:5432', true],
  ['db.example:5432', 'db.example:5432', true],
  ['db.example:5433', 'db.example:5432', false],
  ['*.example', 'db.example:5432', true],
  ['*.example', 'a.b.example:5432', true],
  ['*.example', 'example:5432', false],
  ['*.example', '.example:5432', false],
  ['*.example', 'evilexample:5432', false],
  ['db.example', 'db.example.evil:5432', false],
  ['db.example', 'xdb.example:5432', false],
  ['[2001:db8::1]', '[2001:db8::1]:5432', true],
  ['[2001:db8::1]:5432', '2001:db8::1:5432', true],
  ['db.example', '10.0.0.1:5432', false],
  ['db.example', 'user@db.example:5432', false],
  ['db.example', 'db.example:5432/x:1', false],
])('of hosts, %s lets %s on: %p', (pattern, host, fits) => {
  expect(why({ hosts: [pattern] }, writing({ host }))).toEqual(fits ? [] : [`policy.host_forbidden ${host}`])
})

test('a bridge leads only to a peer and a host that are listed', () => {
  const dial = { ...bridged, components: bridged.components.slice(0, 1) }
  expect(why({ peers: [], hosts: ['db.example'] }, dial)).toEqual([
    `policy.peer_forbidden ${STRANGER}`,
    'policy.host_forbidden cloud.example:32100',
  ])
  expect(why({ peers: [STRANGER], hosts: ['cloud.example:32100'] }, dial)).toEqual([])
})

test.each<[string, string, boolean]>([
  ['warehouse/orders', 'orders', true],
  ['warehouse/*', 'orders', true],
  ['*/orders', 'orders', true],
  ['ware*house/o*s', 'orders', true],
  ['warehouse/orders', 'orders2', false],
  ['warehouse/order', 'orders', false],
  ['other/*', 'orders', false],
  ['w*e/o*r*o*s', 'orders', false],
])('of tables, %s lets warehouse/%s on: %p', (pattern, table, fits) => {
  expect(why({ tables: [pattern] }, writing({ table }))).toEqual(
    fits ? [] : [`policy.table_forbidden warehouse/${table}`],
  )
})

test('a pattern of many stars is matched in no time', () => {
  const table = 'a'.repeat(4_000)
  expect(why({ tables: [`${'*a'.repeat(120)}*b`] }, writing({ table }))).toHaveLength(1)
})

test.each<[string, boolean]>([
  ['/data/in/a.csv', true],
  ['/data/in/*.csv', true],
  ['/data/in/**/x.csv', true],
  ['/data/in/../out/a.csv', false],
  ['/data/inner/a.csv', false],
  ['/data/*/a.csv', false],
  ['/data/in/*/../../../etc/passwd', false],
  ['in/a.csv', true],
  ['../a.csv', false],
])('of folders, /data/in and the files folder’s `in` let %s on: %p', (path, fits) => {
  const found = why({ fileRoots: ['/data/in', 'in'] }, reading(path))
  expect(found).toEqual(fits ? [] : [`policy.root_forbidden ${path}`])
})

test('a link in an allowed folder that leads out of it is followed', () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('in'))
  mkdirSync(folder.file('secret'))
  symlinkSync(folder.file('secret'), folder.file('in/away'))
  const where = { ...folders, files: folder.path }
  expect(why({ fileRoots: ['in'] }, reading('in/away/a.csv'), where)).toHaveLength(1)
  expect(why({ fileRoots: ['in'] }, reading('in/a.csv'), where)).toEqual([])
})

test('a file that is elsewhere by the time it is opened is refused there as well, by where it really is', () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('in'))
  const gate = pathGate({ data: folder.file('data'), files: folder.path, roots: ['in'] })
  expect(() => gate(`${realpathSync(folder.path)}/in/a.csv`)).not.toThrow()
  expect(() => gate(`${realpathSync(folder.path)}/inner/a.csv`)).toThrow('out of the folders')
  expect(() => gate('/etc/passwd')).toThrow('out of the folders')
  expect(() => pathGate({ data: folder.file('data'), files: folder.path })('/etc/passwd')).not.toThrow()
})

test('scripts run as far as the rule goes: not at all, in the sandbox, or natively', () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const script = (native: boolean) =>
    plainAssignment({
      components: [
        ...[orders, { name: 'score', type: 'script', from: ['orders'], config: { native } }],
        { ...warehouse, from: ['score'] },
      ],
    })
  const no = ['policy.script_forbidden score']
  expect([why({ scripts: 'forbidden' }, script(false)), why({ scripts: 'forbidden' }, script(true))]).toEqual([no, no])
  expect([why({ scripts: 'sandboxed' }, script(false)), why({ scripts: 'sandboxed' }, script(true))]).toEqual([[], no])
  expect(why({ scripts: 'native' }, script(true))).toEqual([])
})

test('what the rules forbid is refused with the item, beside everything else that is wrong', () => {
  const around = { types: testTypes, credentials: new Set<string>(), peers: new Set<string>(), folders }
  expect(examine(plainAssignment(), { ...around, policy: { ...DEFAULT_POLICY, hosts: [] } })).toEqual([
    { code: 'credential.missing', item: 'warehouse' },
    { code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' },
  ])
})

test('a document of rules is held to its bounds, and every rule is explained', () => {
  const parses = (changes: object) => v.safeParse(Policy, { ...DEFAULT_POLICY, ...changes }).success
  const hosts = (count: number) => Array.from({ length: count }, (_, n) => `h${n}.example`)
  expect([parses({ hosts: hosts(POLICY_LIST_MAX) }), parses({ hosts: hosts(POLICY_LIST_MAX + 1) })]).toEqual([
    true,
    false,
  ])
  expect([parses({ workersMax: 0 }), parses({ workersMax: 1_025 }), parses({ workersMax: 1_024 })]).toEqual([
    ...[false, false, true],
  ])
  for (const bad of [
    { hosts: ['a b'] },
    { hosts: ['http://x'] },
    { fileRoots: ['a\u202eb'] },
    { more: 1 },
    { peers: ['x'] },
  ])
    expect(parses(bad)).toBe(false)
  for (const { key, says } of POLICY_RULES) expect({ key, says: says.length > 20 }).toEqual({ key, says: true })
})

test('the Platform is told whether there are lists, never what is in them', () => {
  const policy = { ...DEFAULT_POLICY, hosts: ['secret.example'], fileRoots: ['/secret'], tables: ['secret/*'] }
  expect(JSON.stringify(policySummary(policy))).not.toContain('secret')
  expect(policySummary(policy)).toMatchObject({ hosts: 'listed', 'file-roots': 'listed', 'component-types': 'any' })
})

test('of a log line leaves what the rule says: nothing, the template, or its codes and counts too', () => {
  const line: AuditLog = {
    ...{ at: '2026-01-01T00:00:00Z', deployment: DEPLOYMENT, component: 'orders', level: 'info' as const },
    ...{ template: 'source.opened', fields: { files: 3 } },
  }
  expect(leavingLine(line, 'nothing')).toBeUndefined()
  expect(leavingLine(line, 'template')).toEqual({ ...line, fields: {} })
  expect(leavingLine(line, 'template-and-counts')).toEqual(line)
})
