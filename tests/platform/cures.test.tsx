import { expect, test } from 'bun:test'
import { cureOf } from '../../src/platform/views/cures.ts'
import { overviewRegions } from '../../src/platform/views/overview.tsx'

const at = '2026-11-24T00:00:00Z'

test('the overview says of a refused version what to do and where, beside its code', async () => {
  const target = {
    ...({
      runtime: 'rt_1',
      name: 'factory',
      system: 'here',
      wanted: 'run',
      told: true,
      state: 'refused',
      attempts: 1,
    } as const),
    ...{ reasons: [{ code: 'credential.missing', item: 'warehouse' }], peers: [] },
  } as const
  const deployment = {
    ...({ deployment: 'dep_1', blueprint: 'cells', version: 1, wanted: 'run', state: 'refused' } as const),
    ...{ createdAt: at, changedAt: at, runtimes: [{ ...target, reasons: [...target.reasons], peers: [] }] },
  } as const
  const props = { base: '/t/x', runtimes: [], logLines: 0, nowMs: Date.parse(at) }
  const regions = overviewRegions({ ...props, deployments: [{ ...deployment, runtimes: [...deployment.runtimes] }] })
  const shown = String(await regions['overview-needs'])
  expect(shown).toContain('credential.missing warehouse')
  expect(shown).toContain('Its owner sets it on factory')
  expect(shown).toContain('then deploy it again')
})

test('a reason that has no cure here is told by its code alone', () => {
  expect(cureOf([{ code: 'csv_file.file_missing' }], 'factory')).toBeUndefined()
  expect(cureOf([{ code: 'x.y' }, { code: 'policy.host_forbidden' }], 'factory')).toContain('rules of factory')
})
