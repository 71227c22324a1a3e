import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { systemClock, systemRandom, utf8 } from '../../src/base/mod.ts'
import { type Blueprint, compileBlueprint, type Target } from '../../src/blueprint/mod.ts'
import { sha256Hex } from '../../src/crypto/mod.ts'
import { Assignment } from '../../src/wire/mod.ts'

const FACTORY = {
  runtime: 'rt_01990000-0000-7000-8000-000000000001',
  bridgeHost: 'factory.example',
  bridgePort: 32_100,
} as const
const CLOUD = {
  runtime: 'rt_01990000-0000-7000-8000-000000000002',
  bridgeHost: 'cloud.example',
  bridgePort: 32_101,
} as const

const BLUEPRINT: Blueprint = {
  blueprint: 'orders',
  systems: { factory: { runtime: 'factory-01' }, cloud: { runtime: 'cloud-01' } },
  components: {
    orders: { type: 'csv_file', on: 'factory', config: { paths: ['in/*.csv'] } },
    wanted: { type: 'filter', on: 'factory', from: 'orders', config: {}, code: './wanted.cel' },
    table: { type: 'libsql_table', on: 'cloud', from: 'wanted', config: { table: 'orders' } },
    archive: { type: 'json_lines_file', on: 'cloud', from: ['wanted', 'orders'], config: { path: 'out.jsonl' } },
  },
  classification: { name: 'restricted' },
}

function compile(targets: [string, Target][], code = new Map([['./wanted.cel', utf8('price > 1.0')]])) {
  return compileBlueprint({
    blueprint: BLUEPRINT,
    code,
    targets: new Map(targets),
    tenant: 'ten_01990000-0000-7000-8000-000000000000',
    deployment: 'dep_01990000-0000-7000-8000-000000000000',
    version: 3,
    clock: systemClock,
    random: systemRandom,
  })
}

test('compileBlueprint() gives each Runtime its own components, valid as wire has them, code by its hash', async () => {
  const [factory, cloud] = await compile([
    ['factory', FACTORY],
    ['cloud', CLOUD],
  ])
  expect(v.is(Assignment, factory) && v.is(Assignment, cloud)).toBe(true)
  expect(factory?.components.map(({ name }) => name)).toEqual(['orders', 'wanted'])
  expect(cloud?.components.map(({ name }) => name)).toEqual(['table', 'archive'])
  expect(factory?.components[1]?.code).toEqual({ sha256: await sha256Hex(utf8('price > 1.0')), bytes: 11 })
  expect(cloud?.classification).toEqual({ name: 'restricted' })
})

test('compileBlueprint() joins both ends of each crossing by one secret that no other bridge has', async () => {
  const [factory, cloud] = await compile([
    ['factory', FACTORY],
    ['cloud', CLOUD],
  ])
  const ends = (assignment: Assignment | undefined) => assignment?.bridges ?? []
  expect(ends(factory).map(({ from, to, role }) => [from, to, role])).toEqual([
    ['wanted', ['table', 'archive'], 'dial'],
    ['orders', ['archive'], 'dial'],
  ])
  for (const [i, out] of ends(factory).entries()) {
    const other = ends(cloud)[i]
    expect(other).toMatchObject({
      bridge: out.bridge,
      label: out.label,
      secret: out.secret,
      direction: 'in',
      role: 'listen',
    })
    expect([out.peer, other?.peer]).toEqual([CLOUD.runtime, FACTORY.runtime])
    expect(out.address).toEqual({ host: 'cloud.example', port: 32_101 })
  }
  expect(new Set(ends(factory).map(({ secret }) => secret)).size).toBe(2)
})

test('compileBlueprint() makes fresh secrets for every version', async () => {
  const [first] = await compile([
    ['factory', FACTORY],
    ['cloud', CLOUD],
  ])
  const [second] = await compile([
    ['factory', FACTORY],
    ['cloud', CLOUD],
  ])
  expect(first?.bridges[0]?.secret).not.toBe(second?.bridges[0]?.secret)
})

test('compileBlueprint() names the Runtime that is not enrolled and the code that did not come', async () => {
  await expect(compile([['factory', FACTORY]])).rejects.toThrow(
    'the system cloud names the Runtime cloud-01, which is not enrolled',
  )
  await expect(
    compile(
      [
        ['factory', FACTORY],
        ['cloud', CLOUD],
      ],
      new Map(),
    ),
  ).rejects.toThrow('./wanted.cel is missing')
})
