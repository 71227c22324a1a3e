import { expect, setDefaultTimeout } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { attributesIn, collectorDouble } from '../../support/runtime/collector-double.ts'
import { arrived, copyFlow, writeRows } from '../../support/runtime/copy-flow.ts'
import { runningRuntime } from '../../support/runtime/running.ts'
import { ScriptedPlatform } from '../../support/runtime/scripted-platform.ts'
import { until } from '../../support/until.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

// Real processes, and spans wait five seconds for others.
setDefaultTimeout(60_000)

async function run(
  collectorUrl: string,
  ca: string,
  work: (folder: ReturnType<typeof temporaryFolder>) => Promise<void>,
) {
  using folder = temporaryFolder()
  await using platform = await ScriptedPlatform.start()
  const [caFile, headersFile] = [folder.file('ca.pem'), folder.file('headers')]
  writeFileSync(caFile, ca)
  writeFileSync(headersFile, 'x-api-key: canary-key\n', { mode: 0o600 })
  const otlp = { endpoint: collectorUrl, caFile, headersFile, traceOneIn: 1 }
  const { runtime, api } = await runningRuntime(folder.path, { otlp })
  try {
    await api.send('POST', '/v1/enrolment', { code: platform.code() })
    writeRows(folder, 500)
    expect((await platform.deploy(copyFlow())).outcome).toBe('awaiting-approval')
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
    await work(folder)
  } finally {
    await runtime.close()
  }
}

slowTest(
  'a batch of a real deployment is followed from its source to its sink, and nothing of its content is told',
  async () => {
    await using collector = await collectorDouble()
    await run(collector.url, collector.ca, async () => {
      const root = await until('a batch was told', () =>
        collector.spans().find(({ name }) => name === 'batch csv_file'),
      )
      const [write] = collector.spans().filter(({ parentSpanId }) => parentSpanId === root.spanId)
      expect(write).toMatchObject({ traceId: root.traceId, name: 'write libsql_table' })
      expect(BigInt(write?.startTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(root.startTimeUnixNano))
      expect(BigInt(write?.endTimeUnixNano ?? 0)).toBeLessThanOrEqual(BigInt(root.endTimeUnixNano))
      expect(attributesIn(root.attributes)).toMatchObject({
        ...{
          'sluice.deployment': DEPLOYMENT,
          'sluice.component': 'orders',
          'sluice.outcome': 'ok',
          'sluice.records': 500,
        },
      })
      const sent = collector.asked.map(({ text }) => text).join()
      expect(sent).not.toMatch(/part \d|orders-0|\.csv|canary-key/)
      expect(
        collector.asked.every(({ headers, status }) => headers.get('x-api-key') === 'canary-key' && status === 200),
      ).toBe(true)
    })
  },
)

slowTest('with no collector there, and every batch followed, the records arrive all the same', async () => {
  await using collector = await collectorDouble()
  await run('https://127.0.0.1:9', collector.ca, async (folder) => {
    await until('all arrived', async () => (await arrived(folder).catch(() => undefined))?.rows === 500)
  })
})
