import { expect } from 'bun:test'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@libsql/client/sqlite3'
import { type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { sluice } from '../support/cli/terminal.ts'
import { slowTest } from '../support/quick.ts'

/** Enough for two backups to be made before the last of them has arrived. */
const ROWS = 3_000_000
/** Into a table without a key of its own: a row that comes twice stands there twice. */
const CROSSING = `blueprint: crossing
systems:
  here: { runtime: here }
  there: { runtime: there }
components:
  rows: { type: csv_file, on: here, config: { paths: [in/rows.csv], columns: { n: int } } }
  big: { type: filter, on: here, from: rows, config: { where: "n >= 0" } }
  kept: { type: libsql_table, on: there, from: big, config: { path: out/rows.db, table: rows, create: true } }
`

async function ask(runtime: RuntimeServer, columns: string): Promise<number[]> {
  if (!existsSync(join(runtime.files, 'out/rows.db'))) return []
  const client = createClient({ url: `file:${join(runtime.files, 'out/rows.db')}` })
  try {
    const [row] = (await client.execute(`SELECT ${columns} FROM rows`)).rows
    return row ? Array.from({ length: row.length }, (_, at) => Number(row[at])) : []
  } catch {
    // It is just being made, or written to.
    return []
  } finally {
    client.close()
  }
}

slowTest(
  'two Runtimes that are backed up amid a flow, killed and restored elsewhere go on without a row lost or doubled',
  async () => {
    await using world = new World()
    await world.startPlatform()
    const here = await world.enrolled('here')
    const there = await world.enrolled('there')
    await world.introduce(here, there)
    writeFileSync(join(here.files, 'in/rows.csv'), `n\n${Array.from({ length: ROWS }, (_, n) => n).join('\n')}\n`)
    const deployment = await world.deploy(CROSSING)
    await world.approve(there, deployment)
    await world.approve(here, deployment)
    const reach = (rows: number) =>
      world.until(`${rows} rows`, async () => (((await ask(there, 'max(rowid)'))[0] ?? 0) >= rows ? true : undefined))

    await reach(1)
    const passphrase = world.write('passphrase', 'a long and lonely winter coat\n')
    const recovery = world.write('recovery', '')
    const renewed = await sluice(['recovery', 'renew', '--at', there.data, '--json'])
    writeFileSync(recovery, JSON.parse(renewed.out).recoveryKey)
    const opened = { here: ['--passphrase-file', passphrase], there: ['--recovery-key-file', recovery] }
    const makers = { here: '', there: '' }
    for (const [runtime, given] of [
      [here, ['--passphrase-file', passphrase]],
      [there, []],
    ] as const) {
      const out = world.path(`${runtime.name}.backup`)
      const made = await sluice(['backup', '--out', out, '--at', runtime.data, ...given])
      expect(made).toMatchObject({ exit: 0, err: '' })
      const [, maker = ''] = /signed by the key (\S{43})\./.exec(made.out) ?? []
      makers[runtime.name as 'here' | 'there'] = maker
      expect(made.out).toContain('Not in it: the folder that components read and write, and the master key.')
      const flags = opened[runtime.name as 'here' | 'there']
      const verified = await sluice(['backup', 'verify', out, ...flags])
      expect(verified).toMatchObject({ exit: 0, err: '' })
      expect(verified.out).toContain(`of the runtime ${runtime.name}.`)
    }
    const atBackup = (await ask(there, 'max(rowid)'))[0] ?? ROWS
    expect(atBackup).toBeLessThan(ROWS)
    // What comes now is in the table, and in no backup.
    await reach(Math.min(ROWS, atBackup + 20_000))
    await here.kill()
    await there.kill()

    const again: RuntimeServer[] = []
    for (const runtime of [there, here]) {
      const data = world.path(`${runtime.name}-elsewhere`)
      const flags = opened[runtime.name as 'here' | 'there']
      const maker = ['--key', makers[runtime.name as 'here' | 'there']]
      const file = world.path(`${runtime.name}.backup`)
      const restored = await sluice(['restore', file, '--data', data, ...flags, ...maker])
      expect(restored).toMatchObject({ exit: 0, err: '' })
      expect(restored.out).toContain('At its first start every session, one-time link, API token')
      expect(readdirSync(data)).not.toContain('access.json')
      const ports = { management: Number(new URL(runtime.ready.url).port), bridges: runtime.ready.bridgePort ?? 0 }
      again.push(await world.startRuntime(runtime.name, { data, files: runtime.files, ports }))
    }
    await world.central(deployment, ({ state }) => state === 'stopped')
    expect(await ask(there, 'count(*), count(DISTINCT n), sum(n)')).toEqual([ROWS, ROWS, (ROWS * (ROWS - 1)) / 2])
    // Nothing that is owed hangs behind positions that were passed over.
    for (const { client, data } of again) {
      await world.until('all to be told', async () => {
        const { owed } = (await client.get('/v1/enrolment')) as { owed: { auditLogs: number; status: number } }
        return owed.auditLogs + owed.status === 0 ? true : undefined
      })
      const trail = (await client.get('/v1/audit?limit=1000')) as { entries: { action: string }[] }
      expect(trail.entries.map(({ action }) => action)).toContain('data_folder.restored')
      expect(trail.entries.map(({ action }) => action)).toContain('access.ended')
      expect((await sluice(['audit', 'verify', '--at', data])).exit).toBe(0)
    }
  },
  2 * TEST_MS,
)
