import { expect, test } from 'bun:test'
import { touchesOf } from '../../../src/runtime/deployments/examine.ts'
import { additions, additionsByKind, type Need, needsOf, remembered } from '../../../src/runtime/deployments/needs.ts'
import type { TouchesOf } from '../../../src/runtime/deployments/touches.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { SHA256_OF_NOTHING, assignment as sample } from '../../support/wire/samples.ts'

const touches: TouchesOf = (component) => touchesOf(component, testTypes)
const items = (needs: readonly Need[]): string[] =>
  needs.map(({ kind, item }) => `${kind}: ${kind === 'flow' ? item.replace(/ [0-9a-f]{64}$/, ' #') : item}`)
const strict = { expressions: 'approve' } as const
const free = { expressions: 'free' } as const

test('an assignment needs every path, host, table and credential that its components touch', () => {
  expect(items(needsOf(plainAssignment(), touches))).toEqual([
    'credential: warehouse for table at db.example:5432',
    'flow: warehouse #',
    'host: db.example:5432',
    'read-path: /data/in/*.csv',
    'table: warehouse/orders by table at db.example:5432 with warehouse',
  ])
})

test('an assignment needs its peers by direction, the host it dials, and each script by its hash', () => {
  expect(items(needsOf(sample, touches))).toEqual([
    `flow: ${sample.bridges[0]?.from} to ${sample.bridges[0]?.peer} #`,
    'host: cloud.example:32100',
    'read-path: /data/in/*.csv',
    `script: ${SHA256_OF_NOTHING}`,
    `send-peer: ${sample.bridges[0]?.peer}`,
  ])
  const receiving = { ...sample, bridges: sample.bridges.map((bridge) => ({ ...bridge, direction: 'in' as const })) }
  expect(items(needsOf(receiving, touches))).toContain(`receive-peer: ${sample.bridges[0]?.peer}`)
})

test('reading a path is not leave to write it', () => {
  const asSink: TouchesOf = () => ({ role: 'sink', touches: { paths: ['/data/in/*.csv'] } })
  const approved = needsOf(plainAssignment(), touches)
  const added = additions(needsOf(plainAssignment(), asSink), approved, plainAssignment(), free)
  expect(items(added)).toEqual(['write-path: /data/in/*.csv'])
})

test('a credential that was approved for one host is not approved for another', () => {
  const approved = remembered(needsOf(plainAssignment(), touches), plainAssignment())
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const elsewhere = plainAssignment({
    components: [orders, { ...warehouse, config: { ...warehouse.config, host: 'evil.example:5432' } }],
  })
  expect(items(additions(needsOf(elsewhere, touches), approved, elsewhere, strict))).toContain(
    'credential: warehouse for table at evil.example:5432',
  )
})

test('an assignment within what was approved adds nothing', () => {
  const approved = remembered(needsOf(plainAssignment(), touches), plainAssignment())
  const smaller = plainAssignment({ components: plainAssignment().components.slice(0, 1), version: 2 })
  expect(additions(needsOf(smaller, touches), approved, smaller, strict)).toEqual([])
})

test('a restricted field that becomes public, or is named no more, is a declassification', () => {
  const before = plainAssignment({ classification: { name: 'restricted', email: 'restricted', city: 'public' } })
  const needs = needsOf(before, touches)
  const approved = remembered(needs, before)
  const after = plainAssignment({ classification: { name: 'public', city: 'public' } })
  expect(items(additions(needs, approved, after, free))).toEqual(['declassification: email', 'declassification: name'])
  expect(additions(needs, approved, before, strict)).toEqual([])
})

test('a declassification that was approved is not remembered as if it held for ever', () => {
  const assignment = plainAssignment({ classification: { name: 'restricted' } })
  const needs: Need[] = [{ kind: 'declassification', item: 'email' }, ...needsOf(assignment, touches)]
  expect(items(remembered(needs, assignment))).not.toContain('declassification: email')
  expect(items(remembered(needs, assignment))).toContain('restricted-field: name')
})

const scored = (config: Record<string, unknown>, from = ['orders']): ReturnType<typeof plainAssignment> => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const score = { name: 'score', type: 'script', from, config }
  return plainAssignment({ components: [orders, score, { ...warehouse, from: ['score'] }] })
}
const added = (
  next: ReturnType<typeof plainAssignment>,
  rules: typeof strict | typeof free,
  before = scored({ a: 1 }),
) => items(additions(needsOf(next, touches), remembered(needsOf(before, touches), before), next, rules))

test('a changed expression is an addition at every way out that it reaches, unless the rules leave expressions free', () => {
  expect(added(scored({ a: 1 }), strict)).toEqual([])
  expect(added(scored({ a: 2 }), strict)).toEqual(['flow: warehouse #'])
  expect(added(scored({ a: 2 }), free)).toEqual([])
})

test('a transform that is taken out, or gone around, is an addition: what it kept back would pass', () => {
  expect(added(plainAssignment(), strict)).toEqual(['flow: warehouse #'])
  const around = scored({ a: 1 })
  const [orders, score, warehouse] = around.components
  if (!orders || !score || !warehouse) throw new Error('there are three components')
  around.components = [orders, score, { ...warehouse, from: ['score', 'orders'] }]
  expect(added(around, strict)).toEqual(['flow: warehouse #'])
})

test('other names, other bridge ids and another version of the same flow add nothing', () => {
  const renamed = scored({ a: 1 })
  const [orders, score, warehouse] = renamed.components
  if (!orders || !score || !warehouse) throw new Error('there are three components')
  renamed.version = 9
  renamed.components = [
    { ...orders, name: 'incoming' },
    { ...score, name: 'rating', from: ['incoming'] },
    { ...warehouse, from: ['rating'] },
  ]
  expect(added(renamed, strict)).toEqual([])
  const bridges = sample.bridges.map((bridge) => ({ ...bridge, secret: 'other', label: 'bcdefghijklmnopq' }))
  expect(added({ ...sample, bridges }, strict, sample)).toEqual([])
})

test('a flow of 84 stacked diamonds is hashed in no time, and a circle has an end', () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const script = (name: string, from: string[]) => ({ name, type: 'script', from, config: {} })
  const diamonds = Array.from({ length: 84 }, (_, n) => {
    const top = n === 0 ? 'orders' : `join${n - 1}`
    return [script(`left${n}`, [top]), script(`right${n}`, [top]), script(`join${n}`, [`left${n}`, `right${n}`])]
  }).flat()
  const stacked = plainAssignment({ components: [orders, ...diamonds, { ...warehouse, from: ['join83'] }] })
  expect(items(needsOf(stacked, touches))).toContain('flow: warehouse #')
  const circle = plainAssignment({
    components: [script('a', ['b']), script('b', ['a']), { ...warehouse, from: ['a'] }],
  })
  expect(items(needsOf(circle, touches))).toContain('flow: warehouse #')
})

test('what is added calls peers by the names that their owner’s list has, and only where a peer is meant', () => {
  const { from = '', peer = '' } = sample.bridges[0] ?? {}
  const elsewhere: Need = { kind: 'read-path', item: `in/${peer}` }
  const { peers, flows, paths } = additionsByKind(
    [...needsOf(sample, touches), elsewhere],
    new Map([[peer, 'cloud-01']]),
  )
  expect(peers).toEqual([`send to cloud-01 (${peer})`])
  expect(flows[0]).toStartWith(`what reaches ${from} to cloud-01 (${peer}) (`)
  expect(paths).toContain(`read in/${peer}`)
  expect(additionsByKind(needsOf(sample, touches)).peers).toEqual([`send to ${peer}`])
})
