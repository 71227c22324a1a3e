import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyBlueprint, type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { describeSlow } from '../support/quick.ts'

describeSlow('a flow on one Runtime', () => {
  let world: World
  let runtime: RuntimeServer

  beforeAll(async () => {
    world = new World()
    await world.startPlatform()
    runtime = await world.enrolled('alone')
  }, TEST_MS)
  afterAll(() => world[Symbol.asyncDispose](), TEST_MS)

  function kept(name: string): unknown[] {
    const lines = readFileSync(join(runtime.files, `out/${name}.jsonl`), 'utf8').split('\n')
    return lines.filter(Boolean).map((line) => JSON.parse(line) as unknown)
  }

  test(
    'a component whose file is missing fails on both sides with its code, and goes on by itself once it is there',
    async () => {
      const deployment = await world.deploy(copyBlueprint({ name: 'late', runtime: 'alone', paths: 'in/late.csv' }))
      await world.approve(runtime, deployment)
      const reasons = [{ code: 'csv_file.file_missing', component: 'rows', item: 'in/late.csv' }]
      expect(await world.local(runtime, deployment, ({ state }) => state === 'failed')).toMatchObject({ reasons })
      const seen = await world.central(deployment, ({ runtimes: [one] }) => one?.state === 'failed')
      expect(seen).toMatchObject({ state: 'failed', runtimes: [{ name: 'alone', reasons }] })
      // It is started again and again, so that a look may find it just preparing.
      await world.until('the list to say why', async () => {
        const { out } = await sluice(['deployment', 'list', '--at', world.platform.data])
        return out.includes('alone: failed (rows: csv_file.file_missing in/late.csv)') || undefined
      })
      writeFileSync(join(runtime.files, 'in/late.csv'), 'id\n1\n2\n')
      await world.local(runtime, deployment, ({ state }) => state === 'stopped')
      await world.central(deployment, ({ state }) => state === 'stopped')
      expect(kept('late')).toEqual([
        { id: '1', seen: true },
        { id: '2', seen: true },
      ])
    },
    TEST_MS,
  )

  test(
    'a row that does not parse becomes a dead letter with its file and line, and all others arrive',
    async () => {
      writeFileSync(join(runtime.files, 'in/odd.csv'), 'id,size\n1,10\n2,many\n3\n4,40\n')
      const source = copyBlueprint({ name: 'odd', runtime: 'alone', paths: 'in/odd.csv', types: '{ size: int }' })
      const deployment = await world.deploy(source)
      await world.approve(runtime, deployment)
      await world.local(runtime, deployment, ({ state }) => state === 'stopped')
      expect(kept('odd')).toEqual([
        { id: '1', size: 10, seen: true },
        { id: '4', size: 40, seen: true },
      ])
      const list = await sluice(['dead-letter', 'list', deployment, '--at', runtime.data])
      expect(list).toMatchObject({ exit: 0, err: '' })
      const [head = '', many = '', short = '', ...rest] = list.out.split('\n')
      expect(head).toMatch(/^NUMBER +COMPONENT +REASON/)
      expect(many).toMatch(/1 +tidy +csv\.not_int line 3.* in\/odd\.csv/)
      expect(short).toMatch(/2 +tidy +csv\.row_ragged line 4.* in\/odd\.csv/)
      expect(rest.join('\n')).not.toContain('tidy')
      const shown = await sluice(['dead-letter', 'show', deployment, '1', '--at', runtime.data])
      expect(shown.out).toContain('2,many')
    },
    TEST_MS,
  )

  test(
    'what the owner refuses never runs, and the Platform shows that it was refused',
    async () => {
      writeFileSync(join(runtime.files, 'in/no.csv'), 'id\n1\n')
      const deployment = await world.deploy(copyBlueprint({ name: 'no', runtime: 'alone', paths: 'in/no.csv' }))
      await world.local(runtime, deployment, ({ waiting }) => Boolean(waiting))
      const waiting = await sluice(['deployment', 'list', '--at', runtime.data])
      expect(waiting.out).toContain('read in/no.csv')
      expect(waiting.out).toContain(`sluice deployment approve ${deployment} --version 1`)
      const words = ['deployment', 'refuse', deployment, '--version', '1', '--reason', 'not on my machine']
      const refused = await sluice([...words, '--at', runtime.data])
      expect(refused).toMatchObject({ exit: 0, err: '' })
      expect(refused.out).toMatch(/^Version 1 of no waits for you[\s\S]*\nRefused version 1 of no; now refused\.\n$/)
      const seen = await world.central(deployment, ({ state }) => state === 'refused')
      expect(seen.runtimes).toMatchObject([{ name: 'alone', state: 'refused', reasons: [{ code: 'owner.refused' }] }])
      expect(JSON.stringify(seen)).not.toContain('not on my machine')
      expect(existsSync(join(runtime.files, 'out/no.jsonl'))).toBe(false)
      const again = await sluice(['deployment', 'approve', deployment, '--version', '1', '--at', runtime.data])
      expect(again).toMatchObject({ exit: again.exit === 5 ? 5 : 4, out: '' })
    },
    TEST_MS,
  )
})
