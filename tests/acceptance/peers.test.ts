import { expect } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { slowTest } from '../support/quick.ts'

const CROSSING = `blueprint: crossing
systems:
  here: { runtime: here }
  there: { runtime: there }
components:
  rows: { type: csv_file, on: here, config: { paths: [in/rows.csv] } }
  kept: { type: json_lines_file, on: there, from: rows, config: { path: out/rows.jsonl } }
`

slowTest(
  'a peer that nobody accepted is refused by name on both sides; once accepted, deploying again applies',
  async () => {
    await using world = new World()
    await world.startPlatform()
    const here = await world.enrolled('here')
    const there = await world.enrolled('there')
    writeFileSync(join(here.files, 'in/rows.csv'), 'id\n1\n2\n')
    const deployment = await world.deploy(CROSSING)
    const refused = await world.central(deployment, ({ runtimes }) =>
      runtimes.every(({ state }) => state === 'refused'),
    )
    const reasonsOf = (name: string): unknown => refused.runtimes.find((one) => one.name === name)?.reasons
    expect(reasonsOf('here')).toEqual([{ code: 'peer.unknown', item: there.id }])
    expect(reasonsOf('there')).toEqual([{ code: 'peer.unknown', item: here.id }])
    expect(await here.client.get('/v1/deployments')).toMatchObject({
      deployments: [],
      refused: [{ deployment, blueprint: 'crossing', version: 1, reasons: [{ code: 'peer.unknown' }] }],
    })
    expect(existsSync(join(there.files, 'out/rows.jsonl'))).toBe(false)

    for (const [from, to] of [
      [here, there],
      [there, here],
    ] as const) {
      const introduced = await sluice(['peer', 'introduce', '--at', from.data, '--json'])
      const { introduction } = JSON.parse(introduced.out) as { introduction: string }
      const accepted = await sluice(['peer', 'accept', introduction, '--at', to.data])
      expect(accepted).toMatchObject({ exit: 0, err: '' })
      expect(accepted.out).toContain(from.id)
    }
    const file = world.write('crossing.yaml', CROSSING)
    const deployed = await sluice(['blueprint', 'deploy', file, '--at', world.platform.data])
    expect(deployed).toMatchObject({ exit: 0, err: '' })
    expect(deployed.out).toContain(deployment)
    await world.approve(there, deployment)
    await world.approve(here, deployment)
    await world.central(deployment, ({ state }) => state === 'stopped')
    expect(readFileSync(join(there.files, 'out/rows.jsonl'), 'utf8')).toBe('{"id":"1"}\n{"id":"2"}\n')
  },
  TEST_MS,
)
