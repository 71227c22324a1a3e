import { expect } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LogList, PlatformLink, readAs } from '../../src/cli/answers.ts'
import { copyBlueprint, TEST_MS, World } from '../support/acceptance/world.ts'
import { slowTest } from '../support/quick.ts'

slowTest(
  'with the Platform killed a flow runs to its end; once it is back, everything that was owed to it arrives',
  async () => {
    await using world = new World()
    await world.startPlatform()
    const runtime = await world.enrolled('alone')
    writeFileSync(join(runtime.files, 'in/rows.csv'), 'id\n1\n2\n3\n')
    const deployment = await world.deploy(copyBlueprint({ name: 'on', runtime: 'alone', paths: 'in/rows.csv' }))
    await world.local(runtime, deployment, ({ waiting }) => Boolean(waiting))
    await world.platform.kill()
    await world.approve(runtime, deployment)
    await world.local(runtime, deployment, ({ state }) => state === 'stopped')
    expect(readFileSync(join(runtime.files, 'out/on.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3)
    const link = async () => readAs(PlatformLink, await runtime.client.get('/v1/enrolment'))
    expect((await link()).owed.auditLogs).toBeGreaterThan(0)
    const logsOf = async (server: { client: typeof runtime.client }) =>
      readAs(LogList, await server.client.get(`/v1/logs?deployment=${deployment}&limit=200`)).entries
    const told = (await logsOf(runtime)).map(({ at, component, template }) => ({ at, component, template }))
    expect(told.map(({ template }) => template)).toEqual([
      ...['flow.started', 'sink.opened', 'transform.opened', 'source.opened', 'flow.ended'],
    ])
    await world.platform.startAgain()
    await world.until('nothing to be owed', async () => {
      const { owed } = await link()
      return owed.auditLogs + owed.status === 0 ? true : undefined
    })
    await world.central(deployment, ({ state }) => state === 'stopped')
    const heard = (await logsOf(world.platform)).map(({ at, component, template }) => ({ at, component, template }))
    const inOrder = (list: typeof told): string[] => list.map((entry) => JSON.stringify(entry)).sort()
    expect(inOrder(heard)).toEqual(inOrder(told))
  },
  TEST_MS,
)
