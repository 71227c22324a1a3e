import { describe, expect, test } from 'bun:test'
import { systemRandom } from '../../../src/base/mod.ts'
import { openVault } from '../../../src/keys/mod.ts'
import { CredentialDesk } from '../../../src/runtime/credentials/credential-desk.ts'
import type { AssignedComponent, Assignment, CheckFailure } from '../../../src/wire/mod.ts'
import { memoryFolder } from '../../support/folder.ts'
import { frozenClock } from '../../support/frozen-clock.ts'
import { refusalOf } from '../../support/refusal.ts'
import { DEPLOYMENT, plainAssignment } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { testTypes } from '../../support/runtime/types.ts'

const OWNER = 'user:owner'
/** The sink type can be checked; the others as they are. */
const types = new Map(testTypes).set('table', {
  ...(testTypes.get('table') as NonNullable<ReturnType<typeof testTypes.get>>),
  check: async () => undefined,
})

async function open() {
  const folder = memoryFolder()
  const clock = frozenClock()
  const stores = await testStores(folder.path, clock)
  const vault = openVault({ db: stores.db, key: systemRandom(32), clock, random: systemRandom })
  const trail: { action: string; subject?: string; detail?: unknown }[] = []
  const replaced: string[] = []
  const tried: { component: string; lent: string[] }[] = []
  const running: { assignment: Assignment; state: string }[] = []
  let changes = 0
  let outcome: CheckFailure | undefined
  const desk = new CredentialDesk({
    ...{ vault, types, assignments: stores.assignments },
    trail: { record: async (act) => void trail.push(act) },
    workers: { list: () => running as never, replace: ({ deployment }) => void replaced.push(deployment) },
    checks: {
      async run(component: AssignedComponent, credentials: ReadonlySet<string>) {
        tried.push({ component: component.name, lent: [...credentials] })
        return outcome
      },
    },
    onChange: () => {
      changes++
    },
  })
  const keep = (place: 'current' | 'waiting', assignment = plainAssignment()): Promise<void> =>
    stores.assignments.keep(assignment, {
      ...{ place, reasons: [], signature: 'x', digest: `${assignment.deployment}/${assignment.version}` },
      state: place === 'current' ? 'running' : 'awaiting-approval',
    })
  return {
    ...{ desk, vault, stores, trail, replaced, tried, running, keep },
    failWith: (failure: CheckFailure) => {
      outcome = failure
    },
    changes: () => changes,
    [Symbol.dispose]: () => {
      stores.db.close()
      folder[Symbol.dispose]()
    },
  }
}

const PASSWORD = { kind: 'password', fields: { password: 'marker-of-the-canary' } }

describe('who uses a credential', () => {
  test('are the components in force and those that wait, told apart', async () => {
    using opened = await open()
    const { desk, keep } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('current')
    await keep('waiting', plainAssignment({ version: 2 }))
    const use = { deployment: DEPLOYMENT, component: 'warehouse', type: 'table', checks: true }
    expect((await desk.find('warehouse')).uses).toMatchObject([
      { ...use, version: 2, waits: true },
      { ...use, version: 1, waits: false },
    ])
    expect((await desk.list()).map(({ name, uses }) => [name, uses.length])).toEqual([['warehouse', 2]])
  })

  test('are those of a deployment whose flow has ended as well: it can start again without being asked', async () => {
    using opened = await open()
    const { desk, keep, stores } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('current')
    expect((await desk.find('warehouse')).uses).toMatchObject([{ ended: false }])
    await stores.assignments.setState(DEPLOYMENT as never, 1, 'stopped', [{ code: 'flow.ended' }])
    expect((await desk.find('warehouse')).uses).toMatchObject([{ deployment: DEPLOYMENT, ended: true }])
    const refusal = await desk.remove('warehouse', false, OWNER).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'credential.in_use' })
    expect(refusal.message).toContain(`${DEPLOYMENT}, which has ended and can start again`)
    expect((await desk.remove('warehouse', true, OWNER)).uses).toHaveLength(1)
  })

  test('are none any more when the deployment was stopped or refused', async () => {
    using opened = await open()
    const { desk, keep, stores } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('current')
    for (const state of ['stopped', 'refused'] as const) {
      await stores.assignments.setState(DEPLOYMENT as never, 1, state, [])
      expect((await desk.find('warehouse')).uses).toEqual([])
    }
  })
})

describe('to set a credential', () => {
  test('that runs with it starts what uses it anew, and nothing else', async () => {
    using opened = await open()
    const { desk, running, replaced } = opened
    const other = plainAssignment({ deployment: 'dep_0197a000-0000-7000-8000-00000000000a' as never, components: [] })
    const stopped = plainAssignment({ deployment: 'dep_0197a000-0000-7000-8000-00000000000b' as never })
    running.push({ assignment: plainAssignment(), state: 'running' }, { assignment: other, state: 'running' })
    running.push({ assignment: stopped, state: 'stopped' })
    const set = await desk.set('warehouse', PASSWORD, OWNER)
    expect(set.restarted).toEqual([DEPLOYMENT])
    expect(replaced).toEqual([DEPLOYMENT])
    expect(opened.changes()).toBe(1)
    expect((await desk.set('another', PASSWORD, OWNER)).restarted).toEqual([])
  })

  test('goes into the trail by name and kind before it is done, and a refusal after it, never with a value', async () => {
    using opened = await open()
    const { desk, trail } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    const bad = { kind: 'database_url', fields: { url: 'marker-of-the-canary' } }
    expect(await refusalOf(() => desk.set('warehouse', bad, OWNER))).toBe('credential.field_invalid')
    expect(trail.map(({ action }) => action)).toEqual([
      'credential.set_tried',
      'credential.set',
      'credential.set_tried',
      'credential.set_failed',
    ])
    expect(JSON.stringify(trail)).not.toContain('marker')
  })

  test('a key that is made here is a line of its own', async () => {
    using opened = await open()
    const { desk, trail } = opened
    const made = await desk.generate('deploy-key', { kind: 'ssh_key', algorithm: 'ed25519' }, OWNER)
    expect(made.publicFacts?.publicKey).toStartWith('ssh-ed25519 ')
    const detail = { kind: 'ssh_key', algorithm: 'ed25519' }
    expect(trail).toMatchObject([
      { action: 'credential.generated_tried', detail },
      { action: 'credential.generated', detail },
    ])
  })
})

describe('to remove a credential', () => {
  test('that is used is refused, naming whom it would hurt, until it is meant', async () => {
    using opened = await open()
    const { desk, keep, vault, trail } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('waiting')
    const error = await desk.remove('warehouse', false, OWNER).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'credential.in_use' })
    expect(error.message).toContain(DEPLOYMENT)
    expect(await vault.list()).toHaveLength(1)
    expect((await desk.remove('warehouse', true, OWNER)).uses).toHaveLength(1)
    expect(await vault.list()).toEqual([])
    expect(trail.at(-1)).toMatchObject({ action: 'credential.removed', detail: { uses: 1 } })
  })

  test('that nobody uses needs no second word; an unknown one is refused without a trace', async () => {
    using opened = await open()
    await opened.desk.set('warehouse', PASSWORD, OWNER)
    await opened.desk.remove('warehouse', false, OWNER)
    const before = opened.trail.length
    expect(await refusalOf(() => opened.desk.remove('warehouse', true, OWNER))).toBe('credential.not_found')
    expect(opened.trail).toHaveLength(before)
  })
})

describe('to try a credential', () => {
  test('asks the components in force that use it, each lent what it names', async () => {
    using opened = await open()
    const { desk, keep, tried } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('current')
    const [outcome] = await desk.check('warehouse', {}, OWNER)
    expect(outcome).toEqual({ deployment: DEPLOYMENT, component: 'warehouse', type: 'table' })
    expect(tried).toEqual([{ component: 'warehouse', lent: ['warehouse'] }])
    opened.failWith({ code: 'libsql_table.wrong_key' })
    expect(await desk.check('warehouse', { component: 'warehouse' }, OWNER)).toMatchObject([
      { failure: { code: 'libsql_table.wrong_key' } },
    ])
    expect(await refusalOf(() => desk.check('warehouse', { component: 'orders' }, OWNER))).toBe(
      'credential.not_checked',
    )
  })

  test('never asks one that waits: the Platform could send the secret to a host that nobody approved', async () => {
    using opened = await open()
    const { desk, keep, tried } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('waiting')
    for (const which of [{}, { deployment: DEPLOYMENT }, { deployment: DEPLOYMENT, component: 'warehouse' }]) {
      expect(await refusalOf(() => desk.check('warehouse', which, OWNER))).toBe('credential.not_checked')
    }
    expect(tried).toEqual([])
  })

  test('also asks one whose flow has ended, and never one that was refused', async () => {
    using opened = await open()
    const { desk, keep, stores, tried } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    await keep('current')
    await stores.assignments.setState(DEPLOYMENT as never, 1, 'stopped', [{ code: 'flow.ended' }])
    expect(await desk.check('warehouse', {}, OWNER)).toHaveLength(1)
    await stores.assignments.setState(DEPLOYMENT as never, 1, 'refused', [])
    expect(await refusalOf(() => desk.check('warehouse', {}, OWNER))).toBe('credential.not_checked')
    expect(tried).toHaveLength(1)
  })

  test('at most 16 components at once', async () => {
    using opened = await open()
    const { desk, keep, tried } = opened
    await desk.set('warehouse', PASSWORD, OWNER)
    const [source, sink] = plainAssignment().components
    const sinks = Array.from({ length: 17 }, (_, at) => ({ ...sink, name: `sink-${at}` }) as AssignedComponent)
    await keep('current', plainAssignment({ components: [source as AssignedComponent, ...sinks] }))
    expect(await desk.check('warehouse', {}, OWNER)).toHaveLength(16)
    expect(tried).toHaveLength(16)
  })
})
