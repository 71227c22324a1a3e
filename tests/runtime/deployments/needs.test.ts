import { expect, test } from 'bun:test'
import { touchesOf } from '../../../src/runtime/deployments/examine.ts'
import { additions, type Need, needsOf, remembered, type TouchesOf } from '../../../src/runtime/deployments/needs.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { SHA256_OF_NOTHING, assignment as sample } from '../../support/wire/samples.ts'

const touches: TouchesOf = (component) => touchesOf(component, testTypes)
const items = (needs: readonly Need[]): string[] => needs.map((need) => `${need.kind}: ${need.item}`)

test('an assignment needs every path, host, table and credential that its components touch', () => {
  expect(items(needsOf(plainAssignment(), touches))).toEqual([
    'credential: warehouse for table at db.example:5432',
    'host: db.example:5432',
    'read-path: /data/in/*.csv',
    'table: warehouse/orders by table at db.example:5432 with warehouse',
  ])
})

test('an assignment needs its peers by direction, the host it dials, and each script by its hash', () => {
  expect(items(needsOf(sample, touches))).toEqual([
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
  const added = additions(needsOf(plainAssignment(), asSink), approved, plainAssignment())
  expect(items(added)).toEqual(['write-path: /data/in/*.csv'])
})

test('a credential that was approved for one host is not approved for another', () => {
  const approved = remembered(needsOf(plainAssignment(), touches), plainAssignment())
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const elsewhere = plainAssignment({
    components: [orders, { ...warehouse, config: { ...warehouse.config, host: 'evil.example:5432' } }],
  })
  expect(items(additions(needsOf(elsewhere, touches), approved, elsewhere))).toContain(
    'credential: warehouse for table at evil.example:5432',
  )
})

test('an assignment within what was approved adds nothing', () => {
  const approved = remembered(needsOf(plainAssignment(), touches), plainAssignment())
  const smaller = plainAssignment({ components: plainAssignment().components.slice(0, 1), version: 2 })
  expect(additions(needsOf(smaller, touches), approved, smaller)).toEqual([])
})

test('a restricted field that becomes public, or is named no more, is a declassification', () => {
  const before = plainAssignment({ classification: { name: 'restricted', email: 'restricted', city: 'public' } })
  const needs = needsOf(before, touches)
  const approved = remembered(needs, before)
  const after = plainAssignment({ classification: { name: 'public', city: 'public' } })
  expect(items(additions(needs, approved, after))).toEqual(['declassification: email', 'declassification: name'])
  expect(additions(needs, approved, before)).toEqual([])
})

test('a declassification that was approved is not remembered as if it held for ever', () => {
  const assignment = plainAssignment({ classification: { name: 'restricted' } })
  const needs: Need[] = [{ kind: 'declassification', item: 'email' }, ...needsOf(assignment, touches)]
  expect(items(remembered(needs, assignment))).not.toContain('declassification: email')
  expect(items(remembered(needs, assignment))).toContain('restricted-field: name')
})
