/** Results of Sluice's own tests as a dataset at `factory-01`: real reports of four revisions, uploaded as a pipeline uploads them. */
import { join } from 'node:path'
import third from '../../../examples/test-results/80b15fb.xml' with { type: 'text' }
import second from '../../../examples/test-results/063c602.xml' with { type: 'text' }
import fourth from '../../../examples/test-results/169abaa.xml' with { type: 'text' }
import first from '../../../examples/test-results/295f46c.xml' with { type: 'text' }
import { AppError, utf8 } from '../../base/mod.ts'
import { resolveAccess } from '../access.ts'
import { readAs } from '../answers.ts'
import { createClient } from '../client.ts'
import { DatasetAnswer, DataTenant, ImportReportAnswer, MadeUploadToken, Uploaded } from '../datasets/answers.ts'
import type { Server } from './stage.ts'
import { until } from './until.ts'

/** A report of the demo was not taken whole. */
export class DemoResultsRefused extends AppError {
  override readonly code = 'demo.results_refused' as const
  override readonly kind = 'internal' as const
}

/** Texts, though the types of Bun take XML for a document. Reports of `bun test tests/base tests/blueprint tests/crypto`, by the commit that was tested, the oldest first. */
const REPORTS = [
  { commit: '295f46c', text: first },
  { commit: '063c602', text: second },
  { commit: '80b15fb', text: third },
  { commit: '169abaa', text: fourth },
]

/** `dashboard`: its page, for who has signed in at that Runtime. */
export type TestResults = { dataset: string; records: number; dashboard: string }

/** Makes a data tenant with a dataset and an upload token, uploads by the token, and resolves when all is imported. */
export async function uploadTestResults(runtime: Server, folder: string, signal: AbortSignal): Promise<TestResults> {
  const { client, ready } = runtime
  const post = (path: string, body: unknown) => client.request('POST', path, body)
  const { id: tenant } = readAs(DataTenant, await post('/v1/data-tenants', { name: 'sluice' }))
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const { id: dataset } = readAs(DatasetAnswer, await post(datasets, { name: 'own-tests', shape: 'test-results' }))
  const below = `${datasets}/${dataset}`
  const { token } = readAs(MadeUploadToken, await post(`${below}/tokens`, { name: 'ci' }))
  const access = await resolveAccess({ at: join(folder, runtime.name) }, {}, false)
  const pipeline = createClient({ ...access, url: ready.url, token })
  for (const { commit, text } of REPORTS) {
    const words = new URLSearchParams({
      ...{ name: `${commit}.xml`, 'attribute.branch': 'main', 'attribute.environment': 'linux' },
      ...{ 'attribute.commit': commit, 'attribute.run': commit },
    })
    const path = `/v1/datasets/${dataset}/uploads?${words}`
    const { import: id } = readAs(Uploaded, await pipeline.request('POST', path, utf8(String(text))))
    await until('test results to be imported', signal, async () => {
      const { state, reason } = readAs(ImportReportAnswer, await client.get(`${below}/imports/${id}`))
      if (state === 'done') return true
      if (state === 'queued' || state === 'running') return undefined
      throw new DemoResultsRefused(`${commit}.xml was taken ${state}: ${reason?.message ?? 'see its import'}`)
    })
  }
  const { records } = readAs(DatasetAnswer, await client.get(below))
  return { dataset, records, dashboard: `${ready.url}/datasets/${tenant}/${dataset}/dashboard` }
}
