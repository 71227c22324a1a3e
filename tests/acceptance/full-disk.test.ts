import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canMountSmallDisk, smallDisk } from '../support/acceptance/small-disk.ts'
import { copyBlueprint, type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { isQuick } from '../support/quick.ts'

/** 40,000 rows become 1.2 MB of JSON lines. */
const ROWS = 40_000
const rows = Array.from({ length: ROWS }, (_, i) => `row-${String(i).padStart(6, '0')}`)
const able = !isQuick && canMountSmallDisk()
const blueprint = copyBlueprint({ name: 'full', runtime: 'small', paths: 'in/rows.csv' })

function writeRows(runtime: RuntimeServer): void {
  writeFileSync(join(runtime.files, 'in/rows.csv'), `id\n${rows.join('\n')}\n`)
}

/** Ids in the written file, of which every line must be whole. */
function idsIn(runtime: RuntimeServer): string[] {
  const text = readFileSync(join(runtime.files, 'out/full.jsonl'), 'utf8')
  expect(text).toEndWith('\n')
  const lines = text.slice(0, -1).split('\n')
  return lines.map((line) => (JSON.parse(line) as { id: string }).id)
}

test.skipIf(!able)(
  'a full disk under the sink holds the flow; with room again it goes on, no row lost, double or halved',
  async () => {
    using disk = smallDisk('4m')
    await using world = new World()
    await world.startPlatform()
    const runtime = await world.enrolled('small', { files: disk.path })
    writeRows(runtime)
    disk.fill(600_000)
    const deployment = await world.deploy(blueprint)
    await world.approve(runtime, deployment)
    await world.local(runtime, deployment, ({ components }) => JSON.stringify(components).includes('host.disk_full'))
    expect((await sluice(['status', '--at', runtime.data])).out).toContain('host.disk_full')
    disk.makeRoom()
    await world.local(runtime, deployment, ({ state }) => state === 'stopped')
    expect(idsIn(runtime)).toEqual(rows)
  },
  TEST_MS,
)

test.skipIf(!able)(
  'a full disk under the data folder refuses with a code; with room again all goes its way',
  async () => {
    using disk = smallDisk('64m')
    await using world = new World()
    await world.startPlatform()
    const runtime = await world.enrolled('small', { data: disk.path })
    writeRows(runtime)
    const deployment = await world.deploy(blueprint)
    await world.local(runtime, deployment, ({ waiting }) => Boolean(waiting))
    disk.fill(0)
    const refused = await sluice(['deployment', 'approve', deployment, '--at', disk.path])
    expect(refused.exit).toBe(6)
    expect(refused.out).not.toContain('approved it')
    expect(refused.err).toMatch(/^[a-z]+\.disk_full: .+\n$/)
    disk.makeRoom()
    expect(await sluice(['deployment', 'approve', deployment, '--at', disk.path])).toMatchObject({ exit: 0, err: '' })
    await world.local(runtime, deployment, ({ state }) => state === 'stopped')
    await world.central(deployment, ({ state }) => state === 'stopped')
    expect(idsIn(runtime)).toEqual(rows)
  },
  TEST_MS,
)

test.skipIf(!able)(
  'a data folder that fills up while the flow runs is told as that, and loses and doubles nothing',
  async () => {
    using disk = smallDisk('64m')
    await using world = new World()
    await world.startPlatform()
    const runtime = await world.enrolled('small', { data: disk.path })
    const deployment = await world.deploy(blueprint)
    await world.approve(runtime, deployment)
    await world.local(runtime, deployment, ({ state }) => state === 'failed')
    disk.fill(0)
    writeRows(runtime)
    await world.local(runtime, deployment, (seen) => JSON.stringify(seen).includes('disk_full'))
    expect((await sluice(['status', '--at', runtime.data])).out).toContain('disk_full')
    disk.makeRoom()
    await world.local(runtime, deployment, ({ state }) => state === 'stopped')
    await world.central(deployment, ({ state }) => state === 'stopped')
    expect(idsIn(runtime)).toEqual(rows)
  },
  TEST_MS,
)
