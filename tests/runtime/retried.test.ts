import { expect, setDefaultTimeout } from 'bun:test'
import { createClient } from '@libsql/client/sqlite3'
import { systemClock } from '../../src/base/mod.ts'
import { RETRIED_MS } from '../../src/runtime/attention/retried.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { arrived, copyFlow, writeRows } from '../support/runtime/copy-flow.ts'
import { type Answer, runningRuntime } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

// The sink waits some seconds for the lock before it says that it does not get it.
setDefaultTimeout(60_000)

slowTest(
  'a table that somebody else holds is told of once its sink has been tried for a minute, until it gets it',
  async () => {
    using folder = temporaryFolder()
    await using platform = await ScriptedPlatform.start()
    let aheadMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
    const { runtime, api } = await runningRuntime(folder.path, { clock })
    const other = createClient({ url: `file:${folder.file('out.db')}` })
    try {
      await other.execute('create table other (a)')
      const held = await other.transaction('write')
      writeRows(folder, 10)
      await api.send('POST', '/v1/enrolment', { code: platform.code() })
      await platform.deploy(copyFlow())
      await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
      const status = async (): Promise<Answer['body']> => (await api.get('/v1/status')).body
      const told = async (): Promise<string[]> => (await status()).attention.map(({ id }: { id: string }) => id)
      const reasonOf = async () => (await status()).deployments[0]?.components.at(-1)?.reason?.code
      await until('the sink is tried again', async () => (await reasonOf()) !== undefined, 30_000)
      const line = `component.retried ${DEPLOYMENT} warehouse`
      expect(await told()).not.toContain(line)
      aheadMs = RETRIED_MS
      expect(await told()).toContain(line)
      await held.rollback()
      await until('it got the table', async () => !(await told()).includes(line), 30_000)
      await until('all of it arrived', async () => (await arrived(folder).catch(() => undefined))?.rows === 10, 30_000)
    } finally {
      other.close()
      await runtime.close()
    }
  },
)
