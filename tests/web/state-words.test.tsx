import { expect, test } from 'bun:test'
import { FlowPicture, flowInWords } from '../../src/web/flow-picture.tsx'
import { DeploymentView, unsaid, wordOf } from '../../src/web/mod.ts'
import { componentView, deploymentProps } from '../support/web/deployment.ts'

const ENDED = { code: 'flow.ended' }
const STOPPED = { code: 'owner.stopped' }

test('what stopped says how: by its own end, by its owner, or just that', () => {
  expect(wordOf('stopped', [ENDED])).toBe('finished')
  expect(wordOf('stopped', [ENDED], { records: 1 })).toBe('finished, 1 record')
  expect(wordOf('stopped', [ENDED], { records: 12_345, sinks: 1, refused: 0 })).toBe('finished, 12.3 k records')
  expect(wordOf('stopped', [ENDED], { records: 12_345, sinks: 1, refused: 3 })).toBe(
    'finished, 12.3 k records, 3 refused',
  )
  // Each of them took the same ones: as a sum alone that would read as more records than there are.
  expect(wordOf('stopped', [ENDED], { records: 24_690, sinks: 2 })).toBe('finished, 24.7 k delivered to 2 sinks')
  expect(wordOf('stopped', [STOPPED])).toBe('stopped by owner')
  expect(wordOf('stopped')).toBe('stopped')
  expect(wordOf('running', [ENDED])).toBe('running')
})

test('a reason that the word has said is not said again; every other is', () => {
  expect(unsaid('stopped', [ENDED, { code: 'x.y' }])).toEqual([{ code: 'x.y' }])
  expect(unsaid('running', [ENDED])).toEqual([ENDED])
})

async function words(
  state: 'running' | 'draining' | 'stopped' | 'failed',
  reasons: { code: string }[],
): Promise<string[]> {
  const components = [componentView('orders', [], 'factory', { state: 'stopped' })]
  const html = String(await (<DeploymentView {...deploymentProps({ state, reasons, components, bridges: [] })} />))
  return [...html.matchAll(/<span class="state [^"]*"><svg.*?<\/svg>([^<]*)/g)].map(([, word = '']) => word)
}

test('a source that has read everything has ended, whether the rest still runs or not; one that was stopped has not', async () => {
  expect(await words('running', [])).toEqual(['running', 'finished'])
  expect(await words('stopped', [ENDED])).toEqual(['finished', 'finished'])
  expect(await words('stopped', [STOPPED])).toEqual(['stopped by owner', 'stopped'])
  expect(await words('stopped', [])).toEqual(['stopped', 'stopped'])
  expect(await words('draining', [])).toEqual(['draining', 'stopped'])
  expect(await words('failed', [])).toEqual(['failed', 'stopped'])
})

test('the other end of a bridge is drawn in the lane of its Runtime, under its name, and told in words', async () => {
  const props = {
    systems: [{ name: 'factory' }, { name: 'rt_1', label: 'cloud-01' }],
    nodes: [{ name: 'tidy', type: 'map', system: 'factory', from: [], state: 'running' as const }],
    remotes: [{ name: 'warehouse', system: 'rt_1', from: ['tidy'] }],
    bridges: [{ from: 'tidy', to: ['warehouse'], state: 'up' as const, keyAgeMs: 240_000 }],
  }
  const html = String(await (<FlowPicture {...props} />))
  expect(html).toContain('cloud-01')
  expect(html).not.toContain('rt_1')
  expect(html).toMatch(/class="node remote".*warehouse/s)
  expect(html).toContain('key 4 min old')
  expect(flowInWords(props)).toContain('warehouse is on another Runtime, cloud-01')
})
