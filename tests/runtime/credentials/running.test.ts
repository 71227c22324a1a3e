import { expect } from 'bun:test'
import { temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { copyFlow, writeRows } from '../../support/runtime/copy-flow.ts'
import { runningRuntime } from '../../support/runtime/running.ts'
import { ScriptedPlatform } from '../../support/runtime/scripted-platform.ts'
import { until } from '../../support/until.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

slowTest(
  'a credential is tried by what uses it, replaced under what runs, and not removed from under it unasked',
  async () => {
    using folder = temporaryFolder()
    await using platform = await ScriptedPlatform.start()
    const { runtime, api } = await runningRuntime(folder.path)
    try {
      const set = (encryptionKey: string) =>
        api.send('PUT', '/v1/credentials/warehouse', {
          kind: 'database_url',
          fields: { url: `file:${folder.file('out.db')}`, encryptionKey },
        })
      expect((await set('the right one')).body).toMatchObject({ uses: [], restarted: [] })
      expect((await api.send('POST', '/v1/enrolment', { code: platform.code() })).status).toBe(201)
      writeRows(folder, 5)
      const flow = copyFlow()
      const config = { credential: 'warehouse', table: 'orders', create: true }
      const components = flow.components.map((one) => (one.type === 'libsql_table' ? { ...one, config } : one))
      expect((await platform.deploy({ ...flow, components })).outcome).toBe('awaiting-approval')
      const check = () => api.send('POST', '/v1/credentials/warehouse/check', {})
      expect((await check()).body.code).toBe('credential.not_checked')
      await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
      const detail = async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
      const ended = async () => {
        const { version, reasons } = await detail()
        return JSON.stringify(reasons).includes('flow.ended') ? version : undefined
      }
      await until('the rows have arrived', async () => (await ended()) === 1)
      const tried = { deployment: DEPLOYMENT, component: 'warehouse', type: 'libsql_table' }
      expect((await check()).body).toEqual({ checked: [tried] })
      expect((await set('another one')).body.restarted).toEqual([])
      expect((await check()).body.checked[0].failure).toMatchObject({ code: 'libsql_table.wrong_key' })
      expect((await platform.deploy({ ...flow, version: 2, components })).outcome).toBe('applied')
      await until('it fails', async () => JSON.stringify(await detail()).includes('libsql_table.wrong_key'))
      const refused = await api.send('DELETE', '/v1/credentials/warehouse')
      expect(refused).toMatchObject({ status: 409, body: { code: 'credential.in_use' } })
      // What runs with it is started anew, and so has the right one at once.
      expect((await set('the right one')).body.restarted).toEqual([DEPLOYMENT])
      await until('it has come to its end', async () => (await ended()) === 2)
      // What has ended can start again by a replay, so it still counts.
      expect((await api.send('DELETE', '/v1/credentials/warehouse')).body.code).toBe('credential.in_use')
      expect((await api.send('DELETE', '/v1/credentials/warehouse?force=true')).status).toBe(200)
    } finally {
      await runtime.close()
    }
  },
  120_000,
)
